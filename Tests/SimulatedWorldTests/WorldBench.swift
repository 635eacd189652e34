import ChargerBase

@testable import SimulatedWorld

let evse1 = EVSEID(1)
let connector11 = ConnectorID(evse: EVSEID(1), number: 1)

/// A world with a running station, in seconds since its start.
struct WorldBench {
  var world: SimulatedWorld

  init(evses: Int32 = 1, phases: UInt8 = 3) {
    world = SimulatedWorld(configuration: .simple(evses: evses, phases: phases))
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
