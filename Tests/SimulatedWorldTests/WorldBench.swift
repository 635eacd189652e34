import ChargerBase

@testable import SimulatedWorld

let evse1 = EVSEID(1)
let connector11 = ConnectorID(evse: EVSEID(1), number: 1)

/// A world with a running station, in seconds since its start.
struct WorldBench {
  var world: SimulatedWorld

  init(evses: Int32 = 1, phases: UInt8 = 3) {
    self.init(configuration: .simple(evses: evses, phases: phases))
  }

  init(configuration: WorldConfiguration) {
    world = SimulatedWorld(configuration: configuration)
    world.stationConnected()
    world.applyPilot(.steadyPositive, to: connector11)
  }

  mutating func wait(_ duration: Duration) { world.advance(to: world.now + duration) }

  mutating func plugIn(_ car: CarSpecification = CarSpecification()) throws {
    try world.perform(.plugIn(connector11, car))
  }

  mutating func offer(amperes: Int64) {
    world.applyPilot(.pulseWidth(hundredthsOfPercent: UInt16(clamping: amperes * 1_000 / 6)), to: connector11)
  }

  /// Offers, lets the car ask and closes the contactor.
  mutating func startCharging(amperes: Int64 = 16) {
    offer(amperes: amperes)
    wait(.seconds(2))
    world.commandContactor(closed: true, of: connector11)
    wait(.milliseconds(40))
  }

  var positivePeak: Int64? { world.pilotPeaks(of: connector11)?.positive.millivolts }
  var negativePeak: Int64? { world.pilotPeaks(of: connector11)?.negative?.millivolts }
  var milliamperes: Int64? { world.meterValues(of: evse1)?.currents.first?.milliamperes }
  var register: Int64? { world.meterValues(of: evse1)?.importRegister.milliwattHours }
}

extension WorldConfiguration {
  /// One EVSE with a socket and every part that a station can have.
  static var equipped: WorldConfiguration {
    let connector = WorldConnector(id: connector11, hasFixedCable: false, lock: WorldLock(), hasProximity: true)
    var evse = WorldEVSE(
      id: evse1, connectors: [connector], residualCurrentMonitor: WorldResidualCurrentMonitor(),
      temperatureSensors: [WorldTemperatureSensor()], hasPhaseSwitch: true, signingMeter: WorldSigningMeter())
    evse.hasParkingBaySensor = true
    var world = WorldConfiguration(
      evses: [evse], readers: [WorldReader(name: "reader", evses: nil)],
      safetyContacts: SafetyContact.allCases.map { WorldSafetyContact($0) })
    world.keypads = [WorldKeypad(name: "pad")]
    world.startButtons = [WorldStartButton(evse: evse1)]
    world.displayHasChoice = true
    world.hasMainMeter = true
    return world
  }
}
