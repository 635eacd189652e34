import ChargerBase

/// Something that a person at the post would see or hear.
public struct WorldEvent: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case pluggedIn(ConnectorID)
    case unplugged(ConnectorID)
    case asksForEnergy(ConnectorID)
    case stopsAsking(ConnectorID, batteryFull: Bool)
    case held(ConnectorID, CarState?)
    /// The current that the car has settled at.
    case draws(ConnectorID, Current)
    case offers(ConnectorID, PilotSignal)
    case contactor(ConnectorID, closed: Bool)
    case preCharge(ConnectorID, closed: Bool)
    /// An economiser has taken the coil's power back.
    case coilHolds(ConnectorID)
    /// The token's value is nobody's business but the reader's.
    case tokenPresented(reader: String)
    case startPressed(EVSEID?)
    /// What was typed is nobody's business but the keypad's.
    case keysTyped(keypad: String)
    case offersChoice([String])
    case chosen(String)
    case parkingBay(EVSEID, occupied: Bool)
    case light(EVSEID, String)
    case display([String], EVSEID?)
    case meterSet(EVSEID)
    case fault(FaultPlace, SimulatedFault, active: Bool)
    case network(up: Bool)
    case mains(up: Bool)
    case station(connected: Bool)
    case deadMan
    /// The watchdog was not fed in time.
    case watchdog
    case lock(ConnectorID, engaged: Bool)
    /// Somebody pulls at a plug that is locked.
    case plugHeld(ConnectorID)
    case unlockedByHand(ConnectorID)
    case residualCurrent(EVSEID, tripped: Bool)
    case phases(EVSEID, connected: Int)
    case supplyVoltage(Voltage, phase: Int?)
    case ambient(Temperature, EVSEID?)
  }

  public var at: MonotonicInstant
  public var kind: Kind

  public init(at: MonotonicInstant, kind: Kind) {
    self.at = at
    self.kind = kind
  }
}

extension WorldEvent.Kind {
  /// A stable name for programs.
  public var name: String {
    switch self {
    case .pluggedIn: "pluggedIn"
    case .unplugged: "unplugged"
    case .asksForEnergy: "asksForEnergy"
    case .stopsAsking: "stopsAsking"
    case .held: "carState"
    case .draws: "draws"
    case .offers: "offers"
    case .contactor: "contactor"
    case .preCharge: "preCharge"
    case .coilHolds: "coilHolds"
    case .tokenPresented: "tokenPresented"
    case .startPressed: "startPressed"
    case .keysTyped: "keysTyped"
    case .offersChoice: "offersChoice"
    case .chosen: "chosen"
    case .parkingBay: "parkingBay"
    case .light: "light"
    case .display: "display"
    case .meterSet: "meterSet"
    case .fault: "fault"
    case .network: "network"
    case .mains: "mains"
    case .station: "station"
    case .deadMan: "deadMan"
    case .watchdog: "watchdog"
    case .lock: "lock"
    case .plugHeld: "plugHeld"
    case .unlockedByHand: "unlockedByHand"
    case .residualCurrent: "residualCurrent"
    case .phases: "phases"
    case .supplyVoltage: "supplyVoltage"
    case .ambient: "ambient"
    }
  }

  /// One sentence for a person.
  public var text: String {
    switch self {
    case .pluggedIn(let connector): "A car is plugged in at \(connector)"
    case .unplugged(let connector): "The car at \(connector) is unplugged"
    case .asksForEnergy(let connector): "The car at \(connector) asks for energy"
    case .stopsAsking(let connector, true): "The battery of the car at \(connector) is full"
    case .stopsAsking(let connector, false): "The car at \(connector) asks for no more energy"
    case .held(let connector, let state?): "The pilot at \(connector) is held in state \(state.rawValue)"
    case .held(let connector, nil): "The car at \(connector) acts by itself again"
    case .draws(let connector, let current): "The car at \(connector) draws \(Self.text(current))"
    case .offers(let connector, let signal):
      switch signal {
      case .steadyPositive: "\(connector) offers nothing"
      case .steadyNegative: "\(connector) is out of service (pilot at −12 V)"
      case .pulseWidth:
        signal.offeredMilliamperes.map { "\(connector) offers \(Self.text(Current(milliamperes: $0)))" }
          ?? "\(connector) shows a duty cycle that offers no current"
      }
    case .contactor(let connector, true): "The contactor of \(connector) closes"
    case .contactor(let connector, false): "The contactor of \(connector) opens"
    case .preCharge(let connector, true): "The pre-charge relay of \(connector) closes"
    case .preCharge(let connector, false): "The pre-charge relay of \(connector) opens"
    case .coilHolds(let connector): "The coil of \(connector) has holding power"
    case .tokenPresented(let reader): "A token is held before reader \(reader)"
    case .startPressed(let evse?): "The start button of \(evse) is pressed"
    case .startPressed(nil): "The start button is pressed"
    case .keysTyped(let keypad): "Somebody types on the keypad \(keypad)"
    case .offersChoice(let items):
      items.isEmpty ? "The display offers no choice any more" : "The display offers: \(items.joined(separator: " / "))"
    case .chosen(let name): "\(name) is chosen on the display"
    case .parkingBay(let evse, true): "Something stands in the bay of \(evse)"
    case .parkingBay(let evse, false): "The bay of \(evse) is free"
    case .light(let evse, let pattern): "The light of \(evse) shows \(pattern)"
    case .display(let lines, let evse?): "The display shows for \(evse): \(lines.joined(separator: " / "))"
    case .display(let lines, nil): "The display shows: \(lines.joined(separator: " / "))"
    case .meterSet(let evse): "The meter of \(evse) is set by hand"
    case .fault(let place, let fault, true): "Fault \(fault.rawValue) begins at \(Self.text(place))"
    case .fault(let place, let fault, false): "Fault \(fault.rawValue) ends at \(Self.text(place))"
    case .network(true): "The network is back"
    case .network(false): "The network is gone"
    case .mains(true): "The mains is back"
    case .mains(false): "The mains is gone"
    case .station(true): "The station's program takes the hardware over"
    case .station(false): "The station's program has fallen silent"
    case .deadMan: "The dead-man opens all contactors"
    case .watchdog: "The watchdog was not fed in time and opens all contactors"
    case .lock(let connector, true): "The lock of \(connector) engages"
    case .lock(let connector, false): "The lock of \(connector) lets go"
    case .plugHeld(let connector): "The driver cannot pull the plug at \(connector): it is locked"
    case .unlockedByHand(let connector): "The lock of \(connector) is released by hand"
    case .residualCurrent(let evse, true): "The residual current monitor of \(evse) trips"
    case .residualCurrent(let evse, false): "The residual current monitor of \(evse) is reset"
    case .supplyVoltage(let voltage, let phase?): "The supply has \(voltage) in L\(phase)"
    case .supplyVoltage(let voltage, nil): "The supply has \(voltage)"
    case .ambient(let temperature, let evse?): "The air around \(evse) has \(temperature)"
    case .ambient(let temperature, nil): "The air has \(temperature)"
    case .phases(let evse, 1): "One phase is connected to \(evse)"
    case .phases(let evse, let count): "\(count) phases are connected to \(evse)"
    }
  }

  /// The connector or EVSE that it happened at, where it has one.
  public var place: FaultPlace? {
    switch self {
    case .pluggedIn(let id), .unplugged(let id), .asksForEnergy(let id), .stopsAsking(let id, _), .held(let id, _),
      .draws(let id, _), .offers(let id, _), .contactor(let id, _), .preCharge(let id, _), .coilHolds(let id),
      .lock(let id, _), .plugHeld(let id), .unlockedByHand(let id):
      FaultPlace(id)
    case .startPressed(let evse): evse.map { FaultPlace(evse: $0) }
    case .light(let evse, _), .parkingBay(let evse, _), .meterSet(let evse), .residualCurrent(let evse, _),
      .phases(let evse, _):
      FaultPlace(evse: evse)
    case .display(_, let evse): evse.map { FaultPlace(evse: $0) }
    case .fault(let place, _, _): place
    case .ambient(_, let evse): evse.map { FaultPlace(evse: $0) }
    default: nil
    }
  }

  /// `16.0 A`: one decimal, as a meter's display has it.
  private static func text(_ current: Current) -> String {
    let tenths = (current.milliamperes + 50) / 100
    return "\(tenths / 10).\(tenths % 10) A"
  }

  private static func text(_ place: FaultPlace) -> String {
    guard let evse = place.evse else { return "the station" }
    guard let connector = place.connector else { return "\(evse)" }
    return "\(ConnectorID(evse: evse, number: connector))"
  }
}
