import ChargerBase
import HAL

/// The control of all connectors of a station: pilots, contactors, permits and current limits, driven from outside.
///
/// A value without clock, threads or memory allocation of its own: every input comes with its instant, everything to do
/// comes back in a `ControlEffects`. Feed `.time` when `nextDeadline` has come. Whatever the input, the conditions of
/// energy flow are judged after it, and a contactor that must open is commanded open in the same call.
public struct StationControl: Sendable {
  public let configuration: ControlConfiguration
  package internal(set) var evses: [EVSE] = []
  package internal(set) var machines: [ConnectorStateMachine] = []
  package internal(set) var inputs: SafetyInputs
  /// The limits of the station as a whole, the supply that its EVSEs share among them.
  package internal(set) var stationLimits: CurrentLimits
  /// Nil while nothing limits the station as a whole.
  package internal(set) var supply: SharedSupply?
  /// A shutdown was commanded: no permit is admitted any more.
  public internal(set) var isShuttingDown = false
  package internal(set) var now: MonotonicInstant

  /// Control of the station that `configuration` describes, started at `now`. The first call of `handle` puts every
  /// output into its safe position: pilot steady, contactor open.
  public init(configuration: ControlConfiguration, startingAt now: MonotonicInstant) {
    self.configuration = configuration
    self.now = now
    inputs = SafetyInputs(configuration.safetyInputs, at: now)
    stationLimits = CurrentLimits(.supply, configuration.sharedSupply, phases: 3)
    for evse in configuration.evses {
      let first = machines.count
      for connector in evse.connectors { machines.append(ConnectorStateMachine(connector, at: now)) }
      var new = EVSE(evse, connectors: first..<machines.count, at: now)
      new.limits[.installer] = configuration.installerLimit
      evses.append(new)
    }
  }

  /// The connectors in the order of the configuration; inputs and outputs name them by their place here.
  public var connectors: [ConnectorID] { machines.map(\.id) }

  /// Every contactor is commanded open and confirmed open.
  public var isAllOpen: Bool { machines.allSatisfy(\.contactor.isConfirmedOpen) }

  /// Takes one input at `instant` and writes what is to be done into `effects`, which the caller has emptied. An instant
  /// before the last one is taken as the last one.
  public mutating func handle(_ input: ControlInput, at instant: MonotonicInstant, into effects: inout ControlEffects) {
    now = max(now, instant)
    take(input, into: &effects)
    observe(into: &effects)
    for index in evses.indices { prepare(index) }
    divideSupply()
    for index in evses.indices {
      for place in evses[index].connectors {
        let surroundings = surroundings(of: place, evse: index, limit: limit(of: index).limit)
        machines[place].act(
          in: surroundings, place: place, at: now, timing: configuration.timing, into: &effects)
      }
    }
    for index in evses.indices { follow(index, into: &effects) }
  }

  /// Finds out what the input means, everywhere, before anything is decided.
  private mutating func observe(into effects: inout ControlEffects) {
    inputs.evaluate(at: now, timing: configuration.timing)
    for place in machines.indices {
      machines[place].observe(at: now, place: place, configuration: configuration, into: &effects)
    }
    for index in evses.indices {
      findOccupant(of: index)
      let contactorIsClosed = evses[index].occupant.map { machines[$0].contactor.isConfirmedClosed } ?? false
      evses[index].observe(
        at: now, timing: configuration.timing, contactorIsClosed: contactorIsClosed,
        mainsIsPresent: inputs.isMainsPresent(for: evses[index].id))
      spreadMainsReturn(of: index)
    }
  }

  /// What the EVSE does for its connectors before they decide.
  private mutating func prepare(_ index: Int) {
    setOwnLimits(of: index)
    switchPhases(of: index)
    testResidualCurrent(of: index)
  }

  /// What follows for the EVSE from what its connectors have decided.
  private mutating func follow(_ index: Int, into effects: inout ControlEffects) {
    switchPhases(of: index)
    if let phases = evses[index].phaseSwitch?.takeCommand() { effects.connect(phases, evse: index) }
    if let outputs = evses[index].residualCurrent?.takeOutputs() {
      if let isOn = outputs.testCurrent { effects.setTestCurrent(isOn, evse: index) }
      if outputs.resets { effects.resetResidualCurrent(evse: index) }
    }
    noteOffer(of: index)
  }

  func place(of id: ConnectorID) -> Int? { machines.firstIndex { $0.id == id } }

  func index(of id: EVSEID) -> Int? { evses.firstIndex { $0.id == id } }
}
