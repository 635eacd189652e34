import ChargerBase
import EVSEControl
import HAL

/// The configurations that are explored, each until no new state is found.
enum Scenarios {
  static let all: [Scenario] = LeaseExpiryPolicy.allCases.map { pilot($0) }

  private static func connector(_ number: Int32 = 1, evse: Int32 = 1) -> ConnectorControlConfiguration {
    var connector = ConnectorControlConfiguration(id: ConnectorID(evse: EVSEID(evse), number: number), cable: .fixed)
    connector.wakeUp = nil
    return connector
  }

  /// A fixed cable: everything that a pilot can show, the contactor, the permit with its ends.
  private static func pilot(_ policy: LeaseExpiryPolicy) -> Scenario {
    var evse = EVSEControlConfiguration(
      id: EVSEID(1), connectors: [connector()], maximumCurrent: Current(amperes: 16), meterNeeded: false)
    evse.voltageBand = nil
    evse.watchesOverCurrent = false
    var alphabet: [Step] = [.tick, .deadline]
    for reading: PilotReading in [.a, .b, .c, .d, .e, .f, .betweenBAndC, .cWithoutDiode] {
      alphabet.append(.pilot(0, reading))
    }
    alphabet += [
      .contactor(0, .open), .contactor(0, .closed), .silence(.pilot(connector: 0)), .speech(.pilot(connector: 0)),
      .silence(.contactor(connector: 0)), .speech(.contactor(connector: 0)), .grant(0, ticks: nil),
      .grant(0, ticks: 1), .revoke(0), .clearFaults(0),
    ]
    return Scenario(
      "pilot, \(policy.rawValue)", "connector × contactor × permit, every voltage",
      configuration: ControlConfiguration(evses: [evse], leaseExpiry: policy), alphabet: alphabet)
  }
}
