import ChargerBase
import HAL

/// What stands at the vehicle's end of the pilot.
package enum RigVehicle: Sendable {
  case none
  /// 2.74 kΩ: 9 V.
  case connected
  /// 882 Ω: 6 V.
  case ready
  /// Connected, and its diode bridged: the low part of the period is seen as −9 V.
  case withoutDiode
}

package protocol ControlPilotRig: ConformanceRig {
  func makePilot() throws -> any ControlPilot
  func setVehicle(_ vehicle: RigVehicle) throws
  /// What lies on the terminal, measured past the driver.
  func outputAtTerminal() throws -> PilotOutput?
}

package enum ControlPilotSuite {
  private static let sixteenAmperes = PilotOutput.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666))

  private static func isNear(_ voltage: Voltage?, _ volts: Int64) -> Bool {
    guard let voltage else { return false }
    return abs(voltage.thousandths - volts * 1_000) <= 600
  }

  package static let checks: [ConformanceCheck<any ControlPilotRig>] = [
    ConformanceCheck("ControlPilot 1", "the measurement is the newest pair of peaks and no older than it says") { rig in
      let pilot = try rig.makePilot()
      pilot.apply(.steadyPositive)
      try require(rig.serve([pilot]) { isNear(pilot.measurement?.positivePeak, 12) }, "12 V without a vehicle")
      try require(pilot.measurement?.negativePeak == nil, "a steady output has no low part")
      let before = rig.now
      try rig.setVehicle(.connected)
      try require(rig.serve([pilot]) { isNear(pilot.measurement?.positivePeak, 9) }, "9 V with a vehicle")
      let takenAt = try require(pilot.measurement?.takenAt, "a measurement")
      try require(takenAt >= before && takenAt <= rig.now, "the measurement is as old as it says")
    },
    ConformanceCheck("ControlPilot 2", "a change of the peaks is readable within 20 ms") { rig in
      let pilot = try rig.makePilot()
      pilot.apply(.steadyPositive)
      try rig.setVehicle(.connected)
      try require(rig.serve([pilot]) { isNear(pilot.measurement?.positivePeak, 9) }, "9 V with a vehicle")
      try rig.setVehicle(.ready)
      try rig.require(within: .milliseconds(20), serving: [pilot], "the vehicle's edge is readable") {
        isNear(pilot.measurement?.positivePeak, 6)
      }
    },
    ConformanceCheck("ControlPilot 3", "an output takes effect within 10 ms, and applying it again is harmless") {
      rig in
      let pilot = try rig.makePilot()
      for output in [PilotOutput.steadyPositive, sixteenAmperes, sixteenAmperes, .steadyNegative] {
        rig.serve([pilot], for: .milliseconds(50))
        pilot.apply(output)
        try rig.require(within: .milliseconds(10), serving: [pilot], "\(output) lies on the terminal") {
          try rig.outputAtTerminal() == output
        }
      }
    },
    ConformanceCheck("ControlPilot 4", "voltages are reported as measured, also those that belong to no state") { rig in
      let pilot = try rig.makePilot()
      pilot.apply(sixteenAmperes)
      try rig.setVehicle(.withoutDiode)
      try require(
        rig.serve([pilot]) {
          isNear(pilot.measurement?.positivePeak, 9) && isNear(pilot.measurement?.negativePeak, -9)
        }, "+9 V and −9 V without a diode")
    },
  ]
}

package protocol ContactorRig: ConformanceRig {
  func makeContactor() throws -> any Contactor
  /// Whether the main contacts are closed, seen past the driver.
  func isClosed() throws -> Bool
  /// Holds the contacts in a position whatever the coil does; nil lets them go.
  func holdContacts(_ position: ContactorPosition?) throws
  /// The contacts' own travel, the slower way.
  var contactorTravel: Duration { get }
}

package enum ContactorSuite {
  package static let checks: [ConformanceCheck<any ContactorRig>] = [
    ConformanceCheck("Contactor 1", "open before the first command and after the driver is given up") { rig in
      do {
        let contactor = try rig.makeContactor()
        try require(contactor.feedback == nil, "nothing has been read yet")
        try require(rig.serve([contactor]) { contactor.feedback?.position == .open }, "open before the first command")
        contactor.command(.closed)
        try require(rig.serve([contactor]) { contactor.feedback?.position == .closed }, "closed by command")
      }
      try require(try rig.serve([], for: .seconds(3)) { try !rig.isClosed() }, "open after the driver is given up")
    },
    ConformanceCheck("Contactor 2", "a command reaches the coil within 10 ms, and repeating it is harmless") { rig in
      let contactor = try rig.makeContactor()
      rig.serve([contactor]) { contactor.feedback != nil }
      contactor.command(.closed)
      contactor.command(.closed)
      try rig.require(within: .milliseconds(10) + rig.contactorTravel, serving: [contactor], "the contacts close") {
        try rig.isClosed()
      }
      contactor.command(.closed)
      try rig.require(throughout: .milliseconds(200), serving: [contactor], "it stays closed") { try rig.isClosed() }
      contactor.command(.open)
      try rig.require(within: .milliseconds(10) + rig.contactorTravel, serving: [contactor], "the contacts open") {
        try !rig.isClosed()
      }
    },
    ConformanceCheck("Contactor 3", "feedback is the auxiliary contact's, never an echo of the command") { rig in
      let contactor = try rig.makeContactor()
      rig.serve([contactor]) { contactor.feedback != nil }
      try rig.holdContacts(.open)
      contactor.command(.closed)
      rig.serve([contactor], for: .milliseconds(300))
      try require(contactor.feedback?.position == .open, "contacts that do not close are told as open")
      try rig.holdContacts(nil)
      try require(rig.serve([contactor]) { contactor.feedback?.position == .closed }, "let go, they close")
      try rig.holdContacts(.closed)
      contactor.command(.open)
      rig.serve([contactor], for: .milliseconds(300))
      try require(contactor.feedback?.position == .closed, "welded contacts are told as closed")
    },
    ConformanceCheck("Contactor 4", "a change of the auxiliary contact is readable within 20 ms") { rig in
      let contactor = try rig.makeContactor()
      rig.serve([contactor]) { contactor.feedback != nil }
      let since = rig.now
      try rig.holdContacts(.closed)
      try rig.require(within: .milliseconds(20), serving: [contactor], "the change is readable") {
        contactor.feedback?.position == .closed
      }
      try require((contactor.feedback?.takenAt ?? .zero) >= since, "with its time")
    },
  ]
}
