import BoardProfile
import HALLinux

/// How every driver on GPIO lines reads a line: `XLine`, `XChip`, `XActiveLow`, and `XBias` or `XOutput`. A driver with
/// one line only leaves the X out.
extension DriverOptions {
  /// What a broken wire to an input must read as.
  enum WireBreak {
    case active, inactive
  }

  func gpioInput(_ name: String = "", wireBreak: WireBreak? = nil) -> GPIOLineAddress {
    let line = string(key(name, "Line"))
    return input(name, line: line, wireBreak: wireBreak)
  }

  /// Nil when the profile has no such line.
  func optionalGPIOInput(_ name: String) -> GPIOLineAddress? {
    let line = optionalString(key(name, "Line"))
    let address = input(name, line: line, wireBreak: nil)
    return line == nil ? nil : address
  }

  func gpioOutput(_ name: String) -> GPIOLineAddress { output(name, line: string(key(name, "Line"))) }

  /// Nil when the profile has no such line.
  func optionalGPIOOutput(_ name: String) -> GPIOLineAddress? {
    let line = optionalString(key(name, "Line"))
    let address = output(name, line: line)
    return line == nil ? nil : address
  }

  func gpioContact(_ name: String) -> GPIOContact {
    let line = gpioInput(name)
    return GPIOContact(line, isNormallyClosed: isNormallyClosed(name))
  }

  func optionalGPIOContact(_ name: String) -> GPIOContact? {
    let line = optionalGPIOInput(name)
    let isNormallyClosed = isNormallyClosed(name)
    return line.map { GPIOContact($0, isNormallyClosed: isNormallyClosed) }
  }

  func milliseconds(_ name: String, in range: ClosedRange<Int64>, default value: Int64) -> Duration {
    .milliseconds(integer(name + "Milliseconds", in: range, default: value))
  }

  func silence(default value: Int64 = 500) -> Duration { milliseconds("silence", in: 50...5_000, default: value) }

  /// What the kernel shows as the holder of the driver's lines.
  func consumer(_ what: String) -> String {
    let place =
      switch place {
      case .connector(let id): " \(id.evse.number).\(id.number)"
      case .evse(let id), .startButton(let id?), .temperatureSensor(let id, _): " \(id.number)"
      case .safetyInput(let kind, let id): " \(kind.rawValue)" + (id.map { " \($0.number)" } ?? "")
      default: ""
      }
    return String("charger \(what)\(place)".prefix(31))
  }

  private func key(_ name: String, _ part: String) -> String {
    name.isEmpty ? part.prefix(1).lowercased() + part.dropFirst() : name + part
  }

  private func isNormallyClosed(_ name: String) -> Bool {
    choice(name + "Contact", of: ["normallyOpen", "normallyClosed"], default: "normallyOpen") == "normallyClosed"
  }

  private func input(_ name: String, line: String?, wireBreak: WireBreak?) -> GPIOLineAddress {
    var address = found(name, line: line)
    let names = GPIOLineAddress.Bias.allCases.map(\.rawValue)
    let bias = choice(key(name, "Bias"), of: names, default: GPIOLineAddress.Bias.asIs.rawValue)
    address.bias = GPIOLineAddress.Bias(rawValue: bias) ?? .asIs
    if let wireBreak { check(address, wireBreak, key(name, "Bias")) }
    return address
  }

  private func output(_ name: String, line: String?) -> GPIOLineAddress {
    var address = found(name, line: line)
    let names = GPIOLineAddress.Output.allCases.map(\.rawValue)
    let output = choice(key(name, "Output"), of: names, default: GPIOLineAddress.Output.pushPull.rawValue)
    address.output = GPIOLineAddress.Output(rawValue: output) ?? .pushPull
    return address
  }

  private func found(_ name: String, line: String?) -> GPIOLineAddress {
    let own = name.isEmpty ? nil : optionalString(key(name, "Chip"))
    let common = optionalString("chip")
    let chip = own ?? common
    let address = GPIOLineAddress(
      chip: chip, lineText: line ?? "", isActiveLow: boolean(key(name, "ActiveLow"), default: false))
    guard line != nil else { return address }
    if chip == nil, case .offset = address.line {
      report(
        key(name, "Line"), "is a number, and no chip is named that it could count on",
        allowed: "a line's name, or chip beside the number")
    }
    // A chip is the same by its path and by its name; whether two names mean one line is seen when it is opened.
    var claimed = address
    claimed.chip = chip.map { $0.hasPrefix("/dev/") ? String($0.dropFirst(5)) : $0 }
    if line?.isEmpty == false { claim("GPIO \(claimed)") }
    return address
  }

  /// A resistor that pulls a broken wire to the wrong side hides the break.
  private func check(_ address: GPIOLineAddress, _ wireBreak: WireBreak, _ key: String) {
    let pulled: Bool
    switch address.bias {
    case .asIs, .none: return
    case .pullUp: pulled = !address.isActiveLow
    case .pullDown: pulled = address.isActiveLow
    }
    guard pulled != (wireBreak == .active) else { return }
    report(
      key, "is \(address.bias.rawValue): a broken wire would not be noticed",
      allowed: "asIs, none or \(address.bias == .pullUp ? "pullDown" : "pullUp")")
  }
}
