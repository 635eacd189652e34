import BoardProfile
import HALLinux

extension LinuxCatalogue {
  /// What hangs on GPIO lines.
  static func addGPIO(to catalogue: inout DriverCatalogue) {
    catalogue.addContactor(LinuxDrivers.gpioContactor.name, contactor)
    catalogue.addLock(LinuxDrivers.gpioLock.name, lock)
    catalogue.addResidualCurrent(LinuxDrivers.gpioResidualCurrent.name, residualCurrent)
    catalogue.addSafetyInput(LinuxDrivers.gpioSafetyInput.name, safetyInput)
    catalogue.addPhaseSwitch(LinuxDrivers.gpioPhaseSwitch.name, phaseSwitch)
    catalogue.addParkingBaySensor(LinuxDrivers.gpioParkingBay.name, parkingBay)
    catalogue.addStartButton(LinuxDrivers.gpioStartButton.name, startButton)
    catalogue.addLight(LinuxDrivers.gpioLight.name, light)
  }

  private static func contactor(_ options: DriverOptions) -> () throws -> GPIOContactor {
    var configuration = GPIOContactor.Configuration(
      coil: options.gpioOutput("coil"), feedback: options.gpioContact("feedback"))
    configuration.secondCoil = options.optionalGPIOOutput("secondCoil")
    configuration.secondFeedback = options.optionalGPIOContact("secondFeedback")
    let preCharge = options.optionalGPIOOutput("preCharge")
    let lead = options.milliseconds("preCharge", in: 10...5_000, default: 200)
    let overlap = options.milliseconds("preChargeOverlap", in: 0...5_000, default: 50)
    if preCharge != nil, lead >= options.contactorTravel {
      // Every closing would be told as a contactor that is stuck.
      options.report(
        "preChargeMilliseconds",
        "is \(lead.wholeMilliseconds), and the contactor must show closed within "
          + "\(options.contactorTravel.wholeMilliseconds) ms",
        allowed: "less than contactorTravelMilliseconds of timing, which leaves the contacts their own time")
    }
    configuration.preCharge = preCharge.map { GPIOContactor.PreCharge($0, lead: lead, overlap: overlap) }
    let hold = options.optionalGPIOOutput("hold")
    let pullIn = options.milliseconds("pullIn", in: 20...5_000, default: 200)
    configuration.economiser = hold.map { GPIOContactor.Economiser($0, pullIn: pullIn) }
    configuration.silentAfter = options.silence()
    configuration.consumer = options.consumer("contactor")
    return { [configuration] in try GPIOContactor(configuration) }
  }

  private static func lock(_ options: DriverOptions) -> () throws -> GPIOConnectorLock {
    var configuration = GPIOConnectorLock.Configuration(actuator(options), position: options.gpioInput("position"))
    configuration.isClosedWhenLocked =
      options.choice(
        "positionContact", of: ["closedWhenLocked", "closedWhenUnlocked"], default: "closedWhenLocked")
      == "closedWhenLocked"
    configuration.run = options.milliseconds("run", in: 50...5_000, default: 1_000)
    configuration.overrun = options.milliseconds("overrun", in: 0...2_000, default: 100)
    configuration.reversalPause = options.milliseconds("reversalPause", in: 0...500, default: 50)
    configuration.debounce = options.milliseconds("debounce", in: 0...15, default: 5)
    configuration.silentAfter = options.silence()
    configuration.consumer = options.consumer("lock")
    return { [configuration] in try GPIOConnectorLock(configuration) }
  }

  /// Lines of the actuator in question, all of which must be there; those of the others must not.
  private static func actuator(_ options: DriverOptions) -> GPIOConnectorLock.Actuator {
    let kinds = ["hBridge", "driveAndDirection", "toggleSolenoid", "heldSolenoid"]
    let kind = options.choice("actuator", of: kinds)
    let needed: [String] =
      switch kind {
      case "hBridge": ["lock", "unlock"]
      case "driveAndDirection": ["motor", "direction"]
      default: ["solenoid"]
      }
    var lines: [GPIOLineAddress] = []
    for name in ["lock", "unlock", "motor", "direction", "solenoid"] {
      let line = options.optionalGPIOOutput(name)
      switch (line, needed.contains(name)) {
      case (let line?, true): lines.append(line)
      case (nil, true): options.report("\(name)Line", "is missing", allowed: "a text: actuator \(kind) needs it")
      case (_?, false):
        options.report(
          "\(name)Line", "is no line of the actuator \(kind)",
          allowed: "only " + needed.map { "\($0)Line" }.joined(separator: " and "))
      case (nil, false): break
      }
    }
    let first = lines.first ?? GPIOLineAddress(chip: nil, line: .offset(0))
    let second = lines.dropFirst().first ?? first
    return switch kind {
    case "hBridge": .hBridge(lock: first, unlock: second)
    case "driveAndDirection": .driveAndDirection(motor: first, direction: second)
    case "toggleSolenoid": .toggleSolenoid(first)
    default: .heldSolenoid(first)
    }
  }

  private static func residualCurrent(_ options: DriverOptions) -> () throws -> GPIOResidualCurrentMonitor {
    var configuration = GPIOResidualCurrentMonitor.Configuration(
      trip: options.gpioInput("trip", wireBreak: .active))
    configuration.test = options.optionalGPIOOutput("test")
    if configuration.test == nil, options.evse?.testsResidualCurrent == true {
      options.report("testLine", "is missing", allowed: "a text, or \"test\": false where the monitor tests itself")
    }
    configuration.reset = options.optionalGPIOOutput("reset")
    configuration.resetPulse = options.milliseconds("reset", in: 10...2_000, default: 100)
    configuration.fault = options.optionalGPIOInput("fault")
    configuration.filter = options.milliseconds("filter", in: 0...10, default: 0)
    configuration.silentAfter = options.silence()
    configuration.consumer = options.consumer("rcd")
    return { [configuration] in try GPIOResidualCurrentMonitor(configuration) }
  }

  private static func safetyInput(_ options: DriverOptions) -> () throws -> GPIOSafetyInput {
    let isNormallyClosed =
      options.choice("contact", of: ["normallyClosed", "normallyOpen"], default: "normallyClosed")
      == "normallyClosed"
    let line = options.gpioInput(wireBreak: isNormallyClosed ? .inactive : nil)
    var configuration = GPIOSafetyInput.Configuration(GPIOContact(line, isNormallyClosed: isNormallyClosed))
    configuration.filter = options.milliseconds("filter", in: 0...10, default: 2)
    configuration.debounce = options.milliseconds("debounce", in: 0...15, default: 10)
    configuration.silentAfter = options.silence()
    configuration.consumer = options.consumer("safety")
    return { [configuration] in try GPIOSafetyInput(configuration) }
  }

  private static func phaseSwitch(_ options: DriverOptions) -> () throws -> GPIOPhaseSwitch {
    var configuration = GPIOPhaseSwitch.Configuration(
      relay: options.gpioOutput("relay"), feedback: options.gpioContact("feedback"))
    configuration.secondRelay = options.optionalGPIOOutput("secondRelay")
    configuration.secondFeedback = options.optionalGPIOContact("secondFeedback")
    configuration.deadTime = options.milliseconds("deadTime", in: 0...5_000, default: 100)
    configuration.silentAfter = options.silence()
    configuration.consumer = options.consumer("phases")
    return { [configuration] in try GPIOPhaseSwitch(configuration) }
  }

  private static func parkingBay(_ options: DriverOptions) -> () throws -> GPIOParkingBaySensor {
    var configuration = GPIOParkingBaySensor.Configuration(options.gpioInput())
    configuration.fault = options.optionalGPIOInput("fault")
    configuration.debounce = options.milliseconds("debounce", in: 0...300, default: 50)
    configuration.silentAfter = options.silence(default: 2_000)
    configuration.consumer = options.consumer("bay")
    return { [configuration] in try GPIOParkingBaySensor(configuration) }
  }

  private static func startButton(_ options: DriverOptions) -> () throws -> GPIOStartButton {
    var configuration = GPIOStartButton.Configuration(options.gpioInput())
    configuration.debounce = options.milliseconds("debounce", in: 0...200, default: 30)
    configuration.silentAfter = options.silence(default: 2_000)
    configuration.consumer = options.consumer("button")
    return { [configuration] in try GPIOStartButton(configuration) }
  }

  private static func light(_ options: DriverOptions) -> () throws -> GPIOLight {
    var configuration = GPIOLight.Configuration()
    configuration.red = options.optionalGPIOOutput("red")
    configuration.green = options.optionalGPIOOutput("green")
    configuration.blue = options.optionalGPIOOutput("blue")
    configuration.white = options.optionalGPIOOutput("white")
    if configuration.isEmpty {
      options.report(
        "redLine", "is missing, and so are the others", allowed: "one of redLine, greenLine, blueLine, whiteLine")
    }
    configuration.blink = options.milliseconds("blink", in: 200...5_000, default: 1_000)
    configuration.pulse = options.milliseconds("pulse", in: 200...10_000, default: 2_000)
    configuration.consumer = options.consumer("light")
    return { [configuration] in try GPIOLight(configuration) }
  }
}
