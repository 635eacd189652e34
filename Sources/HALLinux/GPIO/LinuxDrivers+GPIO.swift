extension LinuxDrivers {
  public static let gpio = [
    gpioContactor, gpioLight, gpioLock, gpioParkingBay, gpioPhaseSwitch, gpioResidualCurrent, gpioSafetyInput,
    gpioStartButton,
  ]

  public static let gpioContactor = Description(
    kind: .contactor, name: "gpio", summary: "coils and auxiliary contacts on GPIO lines",
    options: [chip]
      + output("coil", "the coil: energized while active", isNeeded: true)
      + output("secondCoil", "a second coil, for other poles, set together with the first")
      + contact("feedback", "the auxiliary contact: closed while active", isNeeded: true)
      + contact("secondFeedback", "a second auxiliary contact, which must agree with the first")
      + output("preCharge", "a relay that closes before the coils")
      + [
        Option(name: "preChargeMilliseconds", meaning: "how long before, 10…5000", standard: "200"),
        Option(
          name: "preChargeOverlapMilliseconds", meaning: "how long it stays beside the coils, 0…5000", standard: "50"),
      ]
      + output("hold", "a line that holds the contactor with less power, once the coils have pulled in")
      + [
        Option(
          name: "pullInMilliseconds", meaning: "how long the coils are driven before the holding line alone, 20…5000",
          standard: "200"),
        silence("500"),
      ])

  public static let gpioLock = Description(
    kind: .lock, name: "gpio", summary: "a motor or solenoid and a position contact on GPIO lines",
    options: [
      chip,
      Option(
        name: "actuator", meaning: "hBridge, driveAndDirection, toggleSolenoid or heldSolenoid", standard: nil),
    ]
      + output("lock", "hBridge: drives towards locked")
      + output("unlock", "hBridge: drives towards unlocked")
      + output("motor", "driveAndDirection: gives the motor power")
      + output("direction", "driveAndDirection: active towards locked")
      + output("solenoid", "the solenoid: a pulse moves it (toggle), or power keeps it locked (held)")
      + input("position", "the position contact: closed while active", isNeeded: true)
      + [
        Option(
          name: "positionContact", meaning: "closedWhenLocked or closedWhenUnlocked", standard: "closedWhenLocked"),
        Option(name: "runMilliseconds", meaning: "the longest run of the drive, 50…5000", standard: "1000"),
        Option(
          name: "overrunMilliseconds", meaning: "how long it drives on once the contact has changed, 0…2000",
          standard: "100"),
        Option(
          name: "reversalPauseMilliseconds", meaning: "rest before a run the other way that breaks one off, 0…500",
          standard: "50"),
        Option(name: "debounceMilliseconds", meaning: "bouncing of the position contact, 0…15", standard: "5"),
        silence("500"),
      ])

  public static let gpioResidualCurrent = Description(
    kind: .residualCurrent, name: "gpio", summary: "a monitor's trip output, test and reset inputs on GPIO lines",
    options: [chip]
      + input("trip", "the trip output: tripped, or its wire broken, while active", isNeeded: true)
      + output("test", "the test input: test current flows while active; needed unless test is false")
      + output("reset", "the reset input, pulsed")
      + [
        Option(name: "resetMilliseconds", meaning: "the pulse, and how long a trip may stay, 10…2000", standard: "100")
      ]
      + input("fault", "the fault output: the monitor cannot measure while active")
      + [
        Option(name: "filterMilliseconds", meaning: "how long a trip must last to count, 0…10", standard: "0"),
        silence("500"),
      ])

  public static let gpioSafetyInput = Description(
    kind: .safetyInput, name: "gpio", summary: "a contact on a GPIO line",
    options: [chip] + input("", "the contact: closed while active", isNeeded: true)
      + [
        Option(
          name: "contact",
          meaning: "normallyClosed (an open contact or a broken wire ends energy) or normallyOpen",
          standard: "normallyClosed"),
        Option(
          name: "filterMilliseconds", meaning: "how long the dangerous state must last to count, 0…10", standard: "2"),
        Option(
          name: "debounceMilliseconds", meaning: "how long the safe state must last to count, 0…15", standard: "10"),
        silence("500"),
      ])

  public static let gpioPhaseSwitch = Description(
    kind: .phaseSwitch, name: "gpio", summary: "relays that add phases, and auxiliary contacts, on GPIO lines",
    options: [chip]
      + output("relay", "the relay: three phases while active", isNeeded: true)
      + output("secondRelay", "a second relay, set together with the first")
      + contact("feedback", "the auxiliary contact: closed while active", isNeeded: true)
      + contact("secondFeedback", "a second auxiliary contact, which must agree with the first")
      + [
        Option(name: "deadTimeMilliseconds", meaning: "rest between two moves, 0…5000", standard: "100"),
        silence("500"),
      ])

  public static let gpioParkingBay = Description(
    kind: .parkingBay, name: "gpio", summary: "a bay detector on GPIO lines",
    options: [chip] + input("", "the detector: something is there while active", isNeeded: true)
      + input("fault", "the detector is faulty while active")
      + [
        Option(name: "debounceMilliseconds", meaning: "how long a change must last, 0…300", standard: "50"),
        silence("2000"),
      ])

  public static let gpioStartButton = Description(
    kind: .startButton, name: "gpio", summary: "a push button on a GPIO line",
    options: [chip] + input("", "the button: pressed while active", isNeeded: true)
      + [
        Option(name: "debounceMilliseconds", meaning: "how long a change must last, 0…200", standard: "30"),
        silence("2000"),
      ])

  public static let gpioLight = Description(
    kind: .light, name: "gpio", summary: "one to four lamps on GPIO lines",
    options: [chip]
      + output("red", "the red lamp; one lamp at least is needed")
      + output("green", "the green lamp")
      + output("blue", "the blue lamp")
      + output("white", "the white lamp")
      + [
        Option(name: "blinkMilliseconds", meaning: "the period of a blinking light, 200…5000", standard: "1000"),
        Option(name: "pulseMilliseconds", meaning: "the period of a pulsing light, 200…10000", standard: "2000"),
      ])

  // MARK: Options that return

  private static let chip = Option(
    name: "chip", meaning: "the chip's device, name or label; without it lines are found by their names on all chips",
    standard: "none")

  private static func silence(_ standard: String) -> Option {
    Option(
      name: "silenceMilliseconds", meaning: "how long the lines may fail before the driver is silent, 50…5000",
      standard: standard)
  }

  private static func common(_ name: String, _ meaning: String, isNeeded: Bool) -> [Option] {
    guard !name.isEmpty else {
      return [
        Option(name: "line", meaning: "\(meaning); by name, or by number on its chip", standard: nil),
        Option(name: "activeLow", meaning: "the line is active at a low level", standard: "false"),
      ]
    }
    return [
      Option(
        name: "\(name)Line", meaning: "\(meaning); by name, or by number on its chip",
        standard: isNeeded ? nil : "none"),
      Option(name: "\(name)Chip", meaning: "its chip, where it is another", standard: "none"),
      Option(name: "\(name)ActiveLow", meaning: "it is active at a low level", standard: "false"),
    ]
  }

  private static func input(_ name: String, _ meaning: String, isNeeded: Bool = false) -> [Option] {
    common(name, meaning, isNeeded: isNeeded) + [
      Option(name: name.isEmpty ? "bias" : "\(name)Bias", meaning: "asIs, none, pullUp or pullDown", standard: "asIs")
    ]
  }

  private static func output(_ name: String, _ meaning: String, isNeeded: Bool = false) -> [Option] {
    common(name, meaning, isNeeded: isNeeded) + [
      Option(name: "\(name)Output", meaning: "pushPull, openDrain or openSource", standard: "pushPull")
    ]
  }

  private static func contact(_ name: String, _ meaning: String, isNeeded: Bool = false) -> [Option] {
    input(name, meaning, isNeeded: isNeeded) + [
      Option(
        name: "\(name)Contact", meaning: "normallyOpen or normallyClosed (a mirror contact)", standard: "normallyOpen")
    ]
  }
}
