import ChargerBase
import HAL

package protocol ResidualCurrentMonitorRig: ConformanceRig {
  func makeMonitor() throws -> any ResidualCurrentMonitor
  /// Makes a residual current over the trip level flow, or ends it.
  func setResidualCurrent(_ flows: Bool) throws
  /// Whether the test winding carries current, seen past the driver.
  func isTestCurrentFlowing() throws -> Bool
  /// The monitor's own time from a current to its trip output.
  var tripDelay: Duration { get }
}

package enum ResidualCurrentMonitorSuite {
  package static let checks: [ConformanceCheck<any ResidualCurrentMonitorRig>] = [
    ConformanceCheck("ResidualCurrentMonitor 1", "the reading is the trip output's; nil until it was first read") {
      rig in
      let monitor = try rig.makeMonitor()
      try require(monitor.reading == nil, "nothing has been read yet")
      try require(rig.serve([monitor]) { monitor.reading?.isTripped == false }, "free at first")
      try rig.setResidualCurrent(true)
      try require(rig.serve([monitor]) { monitor.reading?.isTripped == true }, "tripped")
    },
    ConformanceCheck("ResidualCurrentMonitor 2", "a trip is readable within 20 ms") { rig in
      let monitor = try rig.makeMonitor()
      rig.serve([monitor]) { monitor.reading != nil }
      let since = rig.now
      try rig.setResidualCurrent(true)
      try rig.require(within: .milliseconds(20) + rig.tripDelay, serving: [monitor], "the trip is readable") {
        monitor.reading?.isTripped == true
      }
      try require((monitor.reading?.takenAt ?? .zero) >= since, "with its time")
    },
    ConformanceCheck(
      "ResidualCurrentMonitor 3",
      "the test current flows within 50 ms and until it is ended, and trips a healthy monitor"
    ) { rig in
      let monitor = try rig.makeMonitor()
      rig.serve([monitor]) { monitor.reading != nil }
      monitor.setTestCurrent(true)
      try rig.require(within: .milliseconds(50), serving: [monitor], "the test current flows") {
        try rig.isTestCurrentFlowing()
      }
      try require(rig.serve([monitor]) { monitor.reading?.isTripped == true }, "the monitor trips")
      try rig.require(throughout: .milliseconds(200), serving: [monitor], "the test current flows on") {
        try rig.isTestCurrentFlowing()
      }
      monitor.setTestCurrent(false)
      try rig.require(within: .milliseconds(50), serving: [monitor], "the test current ends") {
        try !rig.isTestCurrentFlowing()
      }
    },
    ConformanceCheck("ResidualCurrentMonitor 4", "a reset lets it measure anew; one that still measures too much trips")
    {
      rig in
      let monitor = try rig.makeMonitor()
      rig.serve([monitor]) { monitor.reading != nil }
      try rig.setResidualCurrent(true)
      try require(rig.serve([monitor]) { monitor.reading?.isTripped == true }, "tripped")
      monitor.reset()
      rig.serve([monitor], for: .milliseconds(100) + rig.tripDelay + rig.slack)
      try require(monitor.reading?.isTripped == true, "still too much: tripped again")
      try rig.setResidualCurrent(false)
      rig.serve([monitor], for: .milliseconds(100))
      try require(monitor.reading?.isTripped == true, "a trip does not end by itself")
      monitor.reset()
      try require(rig.serve([monitor]) { monitor.reading?.isTripped == false }, "free after the reset")
    },
  ]
}

package protocol TemperatureSensorRig: ConformanceRig {
  func makeSensor() throws -> any TemperatureSensor
  func setTemperature(_ temperature: Temperature) throws
  /// Opens the sensor's circuit.
  func breakSensor(_ isBroken: Bool) throws
  var temperatureSilence: Duration { get }
}

package enum TemperatureSensorSuite {
  package static let checks: [ConformanceCheck<any TemperatureSensorRig>] = [
    ConformanceCheck("TemperatureSensor 1", "the newest temperature with its time; an old one never gets a new time") {
      rig in
      let sensor = try rig.makeSensor()
      try require(sensor.reading == nil, "nothing has been read yet")
      let before = rig.now
      try rig.setTemperature(Temperature(celsius: 42))
      try require(rig.serve([sensor]) { isNear(sensor.reading, 42) }, "42 °C")
      let reading = try require(sensor.reading, "a reading")
      try require(reading.takenAt >= before && reading.takenAt <= rig.now, "with its time")
      try rig.setTemperature(Temperature(celsius: 57))
      try require(rig.serve([sensor]) { isNear(sensor.reading, 57) }, "57 °C")
      try rig.breakSensor(true)
      rig.serve([sensor], for: .milliseconds(100))
      let last = sensor.reading
      try rig.require(throughout: .milliseconds(400), serving: [sensor], "the old reading keeps its time") {
        sensor.reading == last
      }
    },
    ConformanceCheck("TemperatureSensor 2", "a broken sensor gives no reading and so falls silent") { rig in
      let sensor = try rig.makeSensor()
      try rig.breakSensor(true)
      try rig.require(within: rig.temperatureSilence, serving: [sensor], "its silence is told") {
        sensor.health != .alive
      }
      try require(sensor.reading == nil, "no temperature of a sensor that never gave one")
      try rig.breakSensor(false)
      try require(
        rig.serve([sensor]) { sensor.reading != nil && sensor.health == .alive }, "it speaks when it is whole")
    },
  ]

  private static func isNear(_ reading: TemperatureReading?, _ celsius: Int64) -> Bool {
    guard let reading else { return false }
    return abs(reading.temperature.thousandths - celsius * 1_000) <= 1_000
  }
}

package protocol SafetyInputRig: ConformanceRig {
  func makeInput() throws -> any SafetyInput
  func setActive(_ isActive: Bool) throws
}

package enum SafetyInputSuite {
  package static let checks: [ConformanceCheck<any SafetyInputRig>] = [
    ConformanceCheck("SafetyInput 1", "the state is the contact's; nil until it was first read") { rig in
      let input = try rig.makeInput()
      try require(input.state == nil, "nothing has been read yet")
      try require(rig.serve([input]) { input.state?.isActive == false }, "inactive at first")
      try rig.setActive(true)
      try require(rig.serve([input]) { input.state?.isActive == true }, "active")
      try rig.setActive(false)
      try require(rig.serve([input]) { input.state?.isActive == false }, "inactive again")
    },
    ConformanceCheck("SafetyInput 2", "a change is readable within 20 ms, once") { rig in
      let input = try rig.makeInput()
      rig.serve([input]) { input.state != nil }
      let since = rig.now
      try rig.setActive(true)
      try rig.require(within: .milliseconds(20), serving: [input], "the change is readable") {
        input.state?.isActive == true
      }
      try require((input.state?.takenAt ?? .zero) >= since, "with its time")
      try rig.require(throughout: .milliseconds(100), serving: [input], "without bouncing") {
        input.state?.isActive == true
      }
    },
  ]
}

package protocol PhaseSwitchRig: ConformanceRig {
  func makePhaseSwitch() throws -> any PhaseSwitch
  /// Phases that are connected, seen past the driver.
  func connected() throws -> ConnectedPhases
  /// Holds the relays where they are.
  func holdRelays(_ isHeld: Bool) throws
  var phaseSwitchTravel: Duration { get }
}

package enum PhaseSwitchSuite {
  package static let checks: [ConformanceCheck<any PhaseSwitchRig>] = [
    ConformanceCheck("PhaseSwitch 1", "a command reaches the relays within 10 ms, and repeating it is harmless") {
      rig in
      let phaseSwitch = try rig.makePhaseSwitch()
      rig.serve([phaseSwitch]) { phaseSwitch.feedback != nil }
      phaseSwitch.command(.three)
      phaseSwitch.command(.three)
      try rig.require(within: .milliseconds(10) + rig.phaseSwitchTravel, serving: [phaseSwitch], "three phases") {
        try rig.connected() == .three
      }
      phaseSwitch.command(.three)
      try rig.require(throughout: .milliseconds(200), serving: [phaseSwitch], "still three") {
        try rig.connected() == .three
      }
    },
    ConformanceCheck("PhaseSwitch 2", "feedback is the auxiliary contacts', never an echo; nil until it was read") {
      rig in
      let phaseSwitch = try rig.makePhaseSwitch()
      try require(phaseSwitch.feedback == nil, "nothing has been read yet")
      try require(rig.serve([phaseSwitch]) { phaseSwitch.feedback?.phases == .one }, "one phase at first")
      try rig.holdRelays(true)
      phaseSwitch.command(.three)
      rig.serve([phaseSwitch], for: .milliseconds(400))
      try require(phaseSwitch.feedback?.phases == .one, "relays that do not move are told as they are")
      try rig.holdRelays(false)
      try require(rig.serve([phaseSwitch]) { phaseSwitch.feedback?.phases == .three }, "let go, they move")
    },
    ConformanceCheck("PhaseSwitch 3", "one phase before the first command and after the driver is given up") { rig in
      do {
        let phaseSwitch = try rig.makePhaseSwitch()
        try require(rig.serve([phaseSwitch]) { phaseSwitch.feedback?.phases == .one }, "one phase at first")
        phaseSwitch.command(.three)
        try require(rig.serve([phaseSwitch]) { phaseSwitch.feedback?.phases == .three }, "three phases")
      }
      try require(try rig.serve([], for: .seconds(3)) { try rig.connected() == .one }, "one phase at the end")
    },
  ]
}

package protocol SystemWatchdogRig: ConformanceRig {
  func makeWatchdog(timeout: Duration) throws -> any SystemWatchdog
  /// Whether energy could flow now, seen past the driver.
  func holds() throws -> Bool
  /// A time-out that the hardware can have, not less than 300 ms.
  var watchdogTimeout: Duration { get }
}

extension SystemWatchdogRig {
  package var watchdogTimeout: Duration { .milliseconds(400) }
}

package enum SystemWatchdogSuite {
  package static let checks: [ConformanceCheck<any SystemWatchdogRig>] = [
    ConformanceCheck("SystemWatchdog 1", "after a feed it holds for its timeout and no longer") { rig in
      let timeout = rig.watchdogTimeout
      let watchdog = try rig.makeWatchdog(timeout: timeout)
      try require(watchdog.timeout == timeout, "it says its timeout")
      rig.serve([watchdog]) { watchdog.health == .alive }
      for _ in 0..<6 {
        watchdog.feed()
        rig.serve([watchdog], for: timeout / 4)
      }
      try require(try rig.serve([watchdog]) { try rig.holds() }, "fed four times per timeout it holds")
      watchdog.feed()
      let fed = rig.now
      try rig.require(throughout: timeout - .milliseconds(100), serving: [watchdog], "it holds for its timeout") {
        try rig.holds()
      }
      try require(try rig.serve([watchdog]) { try !rig.holds() }, "and then no longer")
      let held = fed.duration(to: rig.now)
      try require(held <= timeout + .milliseconds(20) + rig.slack, "it held for \(held)")
    },
    ConformanceCheck("SystemWatchdog 2", "it holds nothing before the first feed, after disarming, and when given up") {
      rig in
      let timeout = rig.watchdogTimeout
      do {
        let watchdog = try rig.makeWatchdog(timeout: timeout)
        rig.serve([watchdog]) { watchdog.health == .alive }
        try require(try !rig.holds(), "nothing before the first feed")
        watchdog.feed()
        try require(try rig.serve([watchdog]) { try rig.holds() }, "held")
        watchdog.disarm()
        try rig.require(within: .milliseconds(20), serving: [watchdog], "nothing after disarming") { try !rig.holds() }
        watchdog.feed()
        try require(try rig.serve([watchdog]) { try rig.holds() }, "held again")
      }
      try require(
        try rig.serve([], for: timeout + rig.slack + .milliseconds(50)) { try !rig.holds() }, "given up, it runs out")
    },
  ]
}
