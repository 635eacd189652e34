import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport

/// The whole engine in its harness, with hardware that behaves: vehicles, contactors and meters which outlive the
/// program, and people who plug in and show cards.
final class ChargingStation {
  struct Place {
    var isConnected = false
    var wantsEnergy = true
    var grant: EnergyGrant?
    var isClosed = false
    /// In mWh, absolute.
    var register: Int64
  }

  /// Of every run: 7.2 kW, 0.2 Wh in each step.
  static let step = Duration.milliseconds(100)
  static let milliwattHoursPerStep: Int64 = 200
  static let firstRegister: Int64 = 1_234_000

  let harness: EngineHarness
  var places: [Place]
  private var grantsSeen = 0
  private var revocationsSeen = 0
  private var steps = 0

  init(
    _ settings: [(String, String, String)] = [], evses: Int32 = 1, seed: UInt64 = 1, starts: Bool = true,
    hasDisplayChoice: Bool = false
  ) {
    var configuration = EngineHarness.standardConfiguration(
      evses: evses, deviceModel: settings.map { EngineHarness.setting($0.0, $0.1, $0.2) })
    configuration.hasDisplayChoice = hasDisplayChoice
    harness = EngineHarness(seed: seed, configuration: configuration)
    places = (0..<evses).map { _ in Place(register: Self.firstRegister) }
    for token in ["CARD", "OTHER", "APP"] { harness.csms.tokens[token] = .accepted }
    harness.csms.tokens["BLOCKED"] = .blocked
    if starts {
      harness.start()
      announce()
      wait(2)
    }
  }

  var chargePoint: ChargePoint { harness.chargePoint }
  var now: MonotonicInstant { harness.clock.now }
  func connector(_ evse: Int32) -> ConnectorID { ConnectorID(evse: EVSEID(evse), number: 1) }

  /// What hardware tells when the program has started: every connector, and the meters.
  func announce() {
    grantsSeen = harness.delegate.grants.count
    revocationsSeen = harness.delegate.revocations.count
    for index in places.indices {
      chargePoint.handle(
        StationFact.connected(connector(Int32(index) + 1), places[index].isConnected, at: now))
      tellMeter(index)
    }
  }

  // MARK: People

  func plugIn(_ evse: Int32 = 1) {
    places[Int(evse) - 1].isConnected = true
    places[Int(evse) - 1].wantsEnergy = true
    chargePoint.handle(StationFact.connected(connector(evse), true, at: now))
    chargePoint.handle(StationFact.charging(connector(evse), .evConnected, at: now))
    wait(1)
  }

  func plugOut(_ evse: Int32 = 1) {
    places[Int(evse) - 1].isConnected = false
    chargePoint.handle(StationFact.connected(connector(evse), false, at: now))
    wait(1)
  }

  func tap(_ token: String, evses: [Int32]? = nil) {
    chargePoint.handle(
      StationFact.tokenPresented(
        PresentedIdToken(idToken: IdToken(idToken: token, type: .iso14443)), evses: evses?.map { EVSEID($0) }))
    wait(1)
  }

  func choose(_ choice: DisplayChoice) {
    chargePoint.handle(StationFact.chosenOnDisplay(choice, now))
    wait(1)
  }

  func vehicle(_ evse: Int32 = 1, wantsEnergy: Bool) {
    places[Int(evse) - 1].wantsEnergy = wantsEnergy
    wait(1)
  }

  func csms(_ action: OCPPAction, _ payload: [UInt8]) -> JSONValue? {
    let id = harness.csms.call(action, payload)
    wait(1)
    return harness.csms.result(id)
  }

  // MARK: Time and hardware

  func wait(_ seconds: Int) {
    for _ in 0..<(seconds * 10) {
      harness.run(for: Self.step)
      react()
    }
  }

  private func react() {
    while grantsSeen < harness.delegate.grants.count || revocationsSeen < harness.delegate.revocations.count {
      // Within a step the newer of both wins: a grant that follows a revocation of the same connector.
      while revocationsSeen < harness.delegate.revocations.count {
        places[Int(harness.delegate.revocations[revocationsSeen].evse.number) - 1].grant = nil
        revocationsSeen += 1
      }
      while grantsSeen < harness.delegate.grants.count {
        let (grant, connector) = harness.delegate.grants[grantsSeen]
        places[Int(connector.evse.number) - 1].grant = grant
        grantsSeen += 1
      }
    }
    steps += 1
    for index in places.indices {
      if places[index].isClosed { places[index].register += Self.milliwattHoursPerStep }
      let place = places[index]
      let shouldClose = place.isConnected && place.grant != nil && place.wantsEnergy
      if place.isClosed != shouldClose {
        places[index].isClosed = shouldClose
        chargePoint.handle(StationFact.powerPath(connector(Int32(index) + 1), closed: shouldClose, at: now))
      }
      if place.isConnected {
        let state: ChargingState = shouldClose ? .charging : place.grant != nil ? .suspendedEV : .evConnected
        chargePoint.handle(StationFact.charging(connector(Int32(index) + 1), state, at: now))
      }
      if steps % 10 == 0 { tellMeter(index) }
    }
  }

  private func tellMeter(_ index: Int) {
    chargePoint.handle(
      StationFact.meter(
        EVSEID(Int32(index) + 1),
        MeterSample(
          takenAt: now,
          values: [
            MeasuredValue(
              measurand: .energyActiveImportRegister, value: Decimal(thousandths: places[index].register)),
            MeasuredValue(measurand: .powerActiveImport, value: places[index].isClosed ? 7_200 : 0),
            MeasuredValue(measurand: .voltage, phase: .l1N, value: 230),
          ])))
  }

  /// The program ends and another one starts from what is stored; contactors open by themselves.
  func restart(_ end: EngineHarness.End, reason: BootReason = .powerUp, away: Duration = .seconds(5)) {
    openContactors()
    harness.restart(end, reason: reason, away: away)
    announce()
    wait(1)
  }

  func openContactors() {
    for index in places.indices {
      places[index].grant = nil
      places[index].isClosed = false
    }
  }

  // MARK: What the CSMS saw

  var books: [TransactionLedger.Book] { harness.csms.transactions.books }
  var events: [TransactionEventRequest] { books.flatMap { $0.entries.map { $0.request } } }
  var story: [String] { events.map { "\($0.eventType.rawName)/\($0.triggerReason.rawName)" } }
  var transactionID: String? { books.last?.id }

  /// Wh by the first and last register of the Ended event.
  func energy(of book: TransactionLedger.Book) -> Decimal? {
    let registers = (book.ended?.meterValue ?? []).compactMap { value in
      value.sampledValue.first { $0.measurand == .energyActiveImportRegister }?.value.thousandths
    }
    guard let first = registers.first, let last = registers.last else { return nil }
    return Decimal(thousandths: last - first)
  }

  /// Wh that all meters have counted.
  var delivered: Decimal {
    Decimal(thousandths: places.map { $0.register - Self.firstRegister }.reduce(0, +))
  }
}
