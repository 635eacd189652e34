import ChargerBase
import HAL

/// What one call of `StationControl.handle` wants done: at most one pilot output and one contactor command a connector,
/// and the facts to tell. Made once and used again for every call, so that nothing is allocated in steady state.
public struct ControlEffects: Sendable {
  /// What is to be applied at one connector.
  public struct Outputs: Sendable, Equatable {
    public var pilot: PilotOutput?
    public var contactor: ContactorPosition?
    public var lock: LockPosition?
  }

  /// What is to be applied at one EVSE.
  public struct EVSEOutputs: Sendable, Equatable {
    public var testCurrent: Bool?
    public var resetsResidualCurrent = false
    public var phases: ConnectedPhases?
    public var signedReading: SignedReadingRequest?
  }

  /// Outputs by the connector's place in `StationControl.connectors`. Apply openings first, then pilots, then closings.
  public private(set) var outputs: [Outputs]
  /// Outputs by the EVSE's place in the configuration.
  public private(set) var evseOutputs: [EVSEOutputs]
  /// Facts in the order in which they happened.
  public private(set) var facts: [ControlFact]
  /// Facts for which there was no room since the start; only a caller that does not take them loses any.
  public private(set) var lostFacts: UInt64 = 0
  private let factCapacity: Int

  /// Each connector and each EVSE has room for 32 facts.
  public init(for configuration: ControlConfiguration) {
    let connectors = configuration.evses.reduce(0) { $0 + $1.connectors.count }
    outputs = Array(repeating: Outputs(), count: connectors)
    evseOutputs = Array(repeating: EVSEOutputs(), count: configuration.evses.count)
    factCapacity = 32 * (connectors + configuration.evses.count + 1)
    facts = []
    facts.reserveCapacity(factCapacity)
  }

  public var isEmpty: Bool {
    facts.isEmpty && outputs.allSatisfy { $0 == Outputs() } && evseOutputs.allSatisfy { $0 == EVSEOutputs() }
  }

  /// Forgets everything but keeps the memory.
  public mutating func removeAll() {
    facts.removeAll(keepingCapacity: true)
    for index in outputs.indices { outputs[index] = Outputs() }
    for index in evseOutputs.indices { evseOutputs[index] = EVSEOutputs() }
  }

  mutating func tell(_ fact: ControlFact) {
    guard facts.count < factCapacity else {
      lostFacts = lostFacts.addingSaturating(1)
      return
    }
    facts.append(fact)
  }

  mutating func apply(_ output: PilotOutput, at index: Int) {
    if outputs.indices.contains(index) { outputs[index].pilot = output }
  }

  mutating func command(_ position: ContactorPosition, at index: Int) {
    if outputs.indices.contains(index) { outputs[index].contactor = position }
  }

  mutating func command(_ position: LockPosition, at index: Int) {
    if outputs.indices.contains(index) { outputs[index].lock = position }
  }

  mutating func setTestCurrent(_ isOn: Bool, evse index: Int) {
    if evseOutputs.indices.contains(index) { evseOutputs[index].testCurrent = isOn }
  }

  mutating func resetResidualCurrent(evse index: Int) {
    if evseOutputs.indices.contains(index) { evseOutputs[index].resetsResidualCurrent = true }
  }

  mutating func connect(_ phases: ConnectedPhases, evse index: Int) {
    if evseOutputs.indices.contains(index) { evseOutputs[index].phases = phases }
  }

  mutating func requestSignedReading(_ request: SignedReadingRequest, evse index: Int) {
    if evseOutputs.indices.contains(index) { evseOutputs[index].signedReading = request }
  }
}
