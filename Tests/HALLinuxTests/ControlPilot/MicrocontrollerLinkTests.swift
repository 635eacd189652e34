import ChargerBase
import HAL
import HALConformance
import SimulatedPeripherals
import Testing

@testable import HALLinux

/// What goes wrong between station and MCU, with line and time in memory.
@Suite("Link to the companion MCU")
struct MicrocontrollerLinkTests {
  /// A connector that charges: pilot, contactor, monitor and lock on one link, closed and confirmed.
  final class Charging {
    let rig: MemoryRig
    let pilot: MicrocontrollerPilot
    let contactor: MicrocontrollerContactor
    let lock: MicrocontrollerLock
    static let offer = PilotOutput.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666))

    init(_ rig: MemoryRig = MemoryRig()) throws {
      self.rig = rig
      pilot = MicrocontrollerPilot(rig.link, connector: 1)
      contactor = MicrocontrollerContactor(rig.link, connector: 1)
      lock = MicrocontrollerLock(rig.link, connector: 1)
      rig.machine.vehicle = .ready
      pilot.apply(.steadyPositive)
      try close()
    }

    var drivers: [any ControlLaneDriver] { [pilot, contactor, lock] }
    var isAlive: Bool { drivers.allSatisfy { $0.health == .alive } }
    var isCoilOn: Bool { rig.machine.mcu.driven[0].isCoilOn }

    /// As control does when everything is there: offer, then close.
    func close() throws {
      try require(
        rig.serve(drivers) { isAlive && contactor.feedback?.position == .open && pilot.measurement != nil },
        "the MCU is there")
      pilot.apply(Self.offer)
      contactor.command(.closed)
      try require(rig.serve(drivers) { contactor.feedback?.position == .closed }, "the contactor closes")
    }

    func serve(_ duration: Duration) { rig.serve(drivers, for: duration) }
    func fault(_ fault: PilotMicrocontroller.Fault, _ isActive: Bool, every: Int = 3) {
      rig.machine.mcu.faultyEvery = every
      if isActive { rig.machine.mcu.faults.insert(fault) } else { rig.machine.mcu.faults.remove(fault) }
    }
  }

  @Test(
    "Lost, damaged, doubled and swapped frames and rubbish on the line disturb nothing",
    arguments: [
      PilotMicrocontroller.Fault.frameLoss, .badChecksum, .garbage, .duplicatedFrames, .reorderedFrames,
    ])
  func disturbances(fault: PilotMicrocontroller.Fault) throws {
    let charging = try Charging()
    charging.fault(fault, true)
    var isUndisturbed = true
    charging.rig.serve(charging.drivers, for: .seconds(10)) {
      isUndisturbed = isUndisturbed && charging.isAlive && charging.isCoilOn
      return false
    }
    #expect(isUndisturbed)
    #expect(charging.rig.link.counters.losses == 0)
    charging.rig.machine.vehicle = .connected
    charging.serve(.milliseconds(150))
    #expect(charging.pilot.measurement?.positivePeak == Voltage(volts: 9))
    let counters = charging.rig.link.counters
    switch fault {
    case .frameLoss: #expect(counters.lostFrames > 50)
    case .badChecksum, .garbage: #expect(counters.badFrames > 50)
    default: #expect(counters.staleFrames > 50)
    }
  }

  @Test(
    "A line on which no frame is good any more is silence: every driver says so, and nothing stays commanded",
    arguments: [PilotMicrocontroller.Fault.frameLoss, .badChecksum, .silent, .stuck])
  func nothingGood(fault: PilotMicrocontroller.Fault) throws {
    let charging = try Charging()
    let last = charging.pilot.measurement
    charging.fault(fault, true, every: 1)
    charging.serve(.milliseconds(320))
    #expect(charging.drivers.allSatisfy { $0.health != .alive })
    #expect(charging.rig.link.lastLoss == .silent)
    #expect((charging.pilot.measurement?.takenAt ?? .zero) - (last?.takenAt ?? .zero) < .milliseconds(60))
    // A hanging program leaves its pins as they are: its hardware watchdog is what opens then.
    if fault != .stuck {
      charging.serve(.milliseconds(300))
      #expect(!charging.isCoilOn)
      #expect(charging.rig.machine.mcu.driven[0].pilot == .steadyNegative)
    }
    charging.fault(fault, false)
    charging.serve(.milliseconds(500))
    #expect(charging.isAlive)
    #expect(!charging.isCoilOn, "closed without a new command")
    try charging.close()
  }

  @Test("An MCU that hears nothing opens by itself, and the station is told that its commands go nowhere")
  func deaf() throws {
    let charging = try Charging()
    charging.fault(.deaf, true)
    charging.serve(.milliseconds(295))
    #expect(charging.drivers.allSatisfy { $0.health != .alive })
    #expect(charging.rig.link.lastLoss == .deaf)
    charging.serve(.milliseconds(60))
    #expect(!charging.isCoilOn && charging.rig.machine.mcu.driven[0].pilot == .steadyNegative)
    charging.fault(.deaf, false)
    try charging.close()
  }

  @Test("A dead station: contactor open and state F within the MCU's own time, whatever it was told before")
  func deadStation() throws {
    let charging = try Charging()
    charging.lock.command(.locked)
    charging.serve(.milliseconds(400))
    let rig = charging.rig
    let died = rig.now
    while rig.machine.mcu.driven[0].isCoilOn, rig.now - died < .seconds(5) { rig.wait(.milliseconds(1)) }
    let silence = rig.machine.mcu.configuration.silence
    #expect(rig.now - died <= silence + .milliseconds(1))
    #expect(rig.machine.mcu.driven[0].pilot == .steadyNegative)
    rig.wait(.milliseconds(100))
    #expect(!rig.machine.isClosed)
    #expect(rig.machine.isEngaged, "the plug stays locked")
    // The station lives again: it was forgotten, so it says so before it is commanded anew.
    charging.serve(.milliseconds(15))
    #expect(charging.drivers.allSatisfy { $0.health != .alive })
    #expect(rig.link.lastLoss == .silent || rig.link.lastLoss == .stationUnheard)
    charging.serve(.milliseconds(500))
    #expect(charging.isAlive && !charging.isCoilOn)
    #expect(rig.machine.isEngaged && rig.machine.mcu.driven[0].lockDrive == .off)
    try charging.close()
  }

  @Test(
    "An MCU that has begun anew is told as lost, with its reason, and nothing that was commanded before comes back",
    arguments: [PilotMicrocontroller.ResetReason.watchdog, .brownOut, .powerOn])
  func reset(reason: PilotMicrocontroller.ResetReason) throws {
    let charging = try Charging()
    charging.rig.machine.mcu.reset(reason, at: charging.rig.now)
    #expect(!charging.isCoilOn)
    var wasSilent = false
    charging.rig.serve(charging.drivers, for: .milliseconds(30)) {
      wasSilent = wasSilent || charging.contactor.health != .alive
      return wasSilent
    }
    #expect(wasSilent, "told at the next service, not after the silence time")
    #expect(charging.rig.link.lastLoss == .reset)
    charging.serve(.seconds(2))
    #expect(charging.isAlive && !charging.isCoilOn)
    #expect(charging.rig.machine.mcu.driven[0].pilot == .steadyPositive, "no offer that control has not made anew")
    #expect(charging.rig.link.identity?.resetReason.rawValue == reason.rawValue)
    #expect(charging.contactor.diagnosis == 32 + reason.rawValue, "the flight recorder is told")
    try charging.close()
  }

  @Test("A loss lasts long enough for control to see it, however fast the MCU is back")
  func lossIsSeen() throws {
    let charging = try Charging()
    charging.rig.machine.mcu.reset(.software, at: charging.rig.now)
    let from = charging.rig.now
    charging.rig.serve(charging.drivers, for: .milliseconds(50)) { charging.contactor.health != .alive }
    charging.rig.serve(charging.drivers, for: .milliseconds(500)) { charging.contactor.health == .alive }
    #expect(charging.rig.now - from >= MicrocontrollerLink.shortestLoss)
    // A closing that was decided before the loss was seen does not reach the coil.
    charging.rig.machine.mcu.reset(.software, at: charging.rig.now)
    charging.rig.serve(charging.drivers, for: .milliseconds(50)) { charging.contactor.health != .alive }
    charging.contactor.command(.closed)
    charging.serve(.seconds(1))
    #expect(!charging.isCoilOn)
  }

  @Test("Values that cannot be are no values: what was read keeps its time, then the drivers are silent")
  func rubbish() throws {
    let charging = try Charging()
    let temperature = MicrocontrollerTemperature(charging.rig.link, connector: 1, sensor: 1)
    let proximity = MicrocontrollerProximity(charging.rig.link, connector: 1)
    let monitor = MicrocontrollerResidualCurrentMonitor(charging.rig.link, connector: 1)
    let stop = MicrocontrollerSafetyInput(charging.rig.link, connector: 1, kind: .emergencyStop)
    let all: [any ControlLaneDriver] = charging.drivers + [temperature, proximity, monitor, stop]
    #expect(
      charging.rig.serve(all) {
        stop.state != nil && temperature.reading != nil && all.allSatisfy { $0.health == .alive }
      })
    charging.fault(.rubbishMeasurements, true)
    charging.rig.serve(all, for: .milliseconds(20))
    let (peaks, degrees, ohms) = (charging.pilot.measurement, temperature.reading, proximity.measurement)
    charging.rig.serve(all, for: .milliseconds(300))
    #expect(charging.pilot.measurement == peaks && temperature.reading == degrees && proximity.measurement == ohms)
    #expect(all.allSatisfy { $0.health != .alive })
    #expect(charging.rig.link.counters.losses == 0, "the MCU itself is heard")
    charging.fault(.rubbishMeasurements, false)
    charging.rig.serve(all, for: .milliseconds(100))
    #expect(all.allSatisfy { $0.health == .alive })
  }

  // MARK: Who gets no commands

  private func refused(
    _ change: (inout PilotMicrocontroller.Configuration) -> Void,
    needs: MicrocontrollerLink.Needs = MicrocontrollerLink.Needs()
  ) throws -> (rig: MemoryRig, drivers: [any ControlLaneDriver]) {
    var configuration = PilotMicrocontroller.Configuration()
    change(&configuration)
    let rig = MemoryRig(MicrocontrollerPlant(configuration), needs: needs)
    rig.machine.forcedPeak = 6_000
    let pilot = MicrocontrollerPilot(rig.link, connector: 1)
    let contactor = MicrocontrollerContactor(rig.link, connector: 1)
    rig.serve([pilot, contactor], for: .seconds(1))
    contactor.command(.closed)
    pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666)))
    rig.serve([pilot, contactor], for: .seconds(3))
    #expect(rig.machine.mcu.commands == 0, "it got a command")
    #expect(!rig.machine.mcu.driven[0].isCoilOn && rig.machine.mcu.driven[0].pilot == .steadyNegative)
    #expect(pilot.health != .alive && contactor.health != .alive)
    #expect(pilot.measurement == nil && contactor.feedback == nil)
    return (rig, [pilot, contactor])
  }

  @Test("An MCU of another protocol version gets no command and is named; one that is exchanged is taken")
  func otherVersion() throws {
    let (rig, drivers) = try refused { ($0.major, $0.minor) = (2, 3) }
    #expect(rig.link.refusal?.code == .otherVersion && drivers[0].diagnosis == 16)
    #expect(
      rig.link.refusal?.description == "the MCU on memory speaks version 2.3 of the pilot protocol, this program 1.1")
    rig.machine.mcu.configuration.major = 1
    #expect(rig.serve(drivers) { drivers.allSatisfy { $0.health == .alive } })
    #expect(rig.link.refusal == nil)
  }

  @Test("A later minor version is taken: longer frames and unknown ones are passed over")
  func laterMinorVersion() throws {
    let rig = MemoryRig()
    rig.machine.mcu.configuration.minor = 9
    let pilot = MicrocontrollerPilot(rig.link, connector: 1)
    pilot.apply(.steadyPositive)
    #expect(rig.serve([pilot]) { pilot.measurement != nil && pilot.health == .alive })
    rig.line.toStation += PilotTestFrames.encode(0x9A, 0, Array(0..<60))
    rig.serve([pilot], for: .milliseconds(300))
    #expect(pilot.health == .alive && rig.link.counters.badFrames == 0)
  }

  @Test("An MCU that would open later than the dead-man rule says gets no command, and is told with both times")
  func slowDeadMan() throws {
    var needs = MicrocontrollerLink.Needs()
    needs.deadMan = .milliseconds(359)
    let (rig, _) = try refused({ _ in }, needs: needs)
    #expect(rig.link.refusal?.code == .deadManTooSlow)
    #expect(rig.link.refusal?.description.contains("300 ms after") == true)
    needs.deadMan = .milliseconds(360)
    _ = try Charging(MemoryRig(needs: needs))
  }

  @Test("An MCU without a part that the profile names gets no command")
  func missingPart() throws {
    var needs = MicrocontrollerLink.Needs()
    needs.parts = [.lock, .door]
    let (rig, _) = try refused({ $0.parts = 0b1101 }, needs: needs)
    #expect(rig.link.refusal?.description == "the MCU on memory has no lock, door contact, and the profile names one")
    needs = MicrocontrollerLink.Needs()
    needs.temperatureSensors = 3
    #expect(try refused({ _ in }, needs: needs).rig.link.refusal?.code == .missingPart)
    needs = MicrocontrollerLink.Needs()
    needs.connectors = 2
    #expect(try refused({ _ in }, needs: needs).rig.link.refusal?.code == .missingPart)
    #expect(try refused { $0.silence = .seconds(9) }.rig.link.refusal?.code == .unusableIdentity)
    #expect(try refused { $0.opening = .milliseconds(1_001) }.rig.link.refusal?.code == .unusableIdentity)
  }

  // MARK: What the MCU does by itself

  @Test("A trip and an emergency stop open at the MCU, a vehicle that has stopped within 100 ms, and all stay open")
  func opensByItself() throws {
    for cause in 0..<3 {
      let charging = try Charging()
      let since = charging.rig.now
      switch cause {
      case 0: charging.rig.machine.residualCurrentFlows = true
      case 1: charging.rig.machine.mcu.sensed[0].isEmergencyStopActive = true
      default: charging.rig.machine.vehicle = .connected
      }
      #expect(charging.rig.serve(charging.drivers) { !charging.isCoilOn })
      #expect(charging.rig.now - since <= .milliseconds(cause == 2 ? 100 : 20))
      charging.rig.machine.residualCurrentFlows = false
      charging.rig.machine.mcu.sensed[0].isEmergencyStopActive = false
      charging.rig.machine.vehicle = .ready
      charging.serve(.milliseconds(300))
      #expect(!charging.isCoilOn, "closed again by itself")
    }
  }

  @Test("On a line that takes nothing commands do not queue up: the newest is what it gets")
  func slowLine() throws {
    let charging = try Charging()
    charging.rig.line.room = 0
    for duty in UInt16(1_000)..<1_400 { charging.pilot.apply(.pulseWidth(DutyCycle(hundredthsOfPercent: duty))) }
    charging.contactor.command(.open)
    charging.rig.line.room = 3
    charging.serve(.milliseconds(60))
    charging.rig.line.room = .max
    charging.serve(.milliseconds(20))
    #expect(charging.rig.machine.mcu.driven[0].pilot == .pulseWidth(1_399))
    #expect(!charging.isCoilOn)
    #expect(charging.rig.machine.mcu.badFrames == 0)
  }

  @Test("A command from before the MCU's reset cannot close afterwards, whenever it arrives")
  func lateCommand() throws {
    let charging = try Charging()
    charging.serve(.milliseconds(60))
    charging.contactor.command(.open)
    charging.contactor.command(.closed)
    let late = charging.rig.line.takeForDevice()
    charging.rig.machine.mcu.reset(.watchdog, at: charging.rig.now)
    charging.serve(.milliseconds(200))
    #expect(charging.isAlive)
    charging.rig.machine.mcu.receive(late, at: charging.rig.now)
    charging.serve(.milliseconds(5))
    #expect(!charging.isCoilOn)
  }
}
