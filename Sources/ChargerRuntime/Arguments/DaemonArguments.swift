import Logging

/// What stands on the daemon's command line. The bench's program has options of its own beside these.
public struct DaemonArguments: Sendable, Equatable {
  public var board = ""
  public var unit: String?
  public var state: String?
  public var csms: String?
  /// The slot that `csms` is for. The program tells itself when it starts anew after a reset: the CSMS may have chosen
  /// another slot by then, which the command line's URL is not for.
  public var csmsSlot: Int32?
  public var control: String?
  public var logLevel: Logger.Level = .info
  public var checkOnly = false
  /// Opens the hardware for `chargerctl hardware test`, and runs no station.
  public var testsHardware = false
  public var showVersion = false
  public var showHelp = false
  /// Values of the options that the program added, by name.
  public var extra: [ExtraValue] = []

  public struct ExtraValue: Sendable, Equatable {
    public var name: String
    public var value: String
  }

  public func extra(_ name: String) -> String? { extra.last { $0.name == name }?.value }
}

/// An option that a program adds to the daemon's: `--name VALUE`.
public struct ExtraOption: Sendable {
  public var name: String
  public var placeholder: String
  public var help: String

  public init(name: String, placeholder: String, help: String) {
    self.name = name
    self.placeholder = placeholder
    self.help = help
  }
}

/// A command line that cannot be used; `message` says what to type instead.
public struct UsageError: Error, Equatable {
  public var message: String
  public init(message: String) { self.message = message }
}

extension DaemonArguments {
  /// Reads arguments (without the program's name). `--option VALUE` and `--option=VALUE` are the same.
  public static func parse(_ arguments: [String], extraOptions: [ExtraOption] = []) throws(UsageError)
    -> DaemonArguments
  {
    var result = DaemonArguments()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      var name = argument
      var inline: String?
      if argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") {
        name = String(argument[..<equals])
        inline = String(argument[argument.index(after: equals)...])
      }
      func value() throws(UsageError) -> String {
        if let inline { return inline }
        guard let next = rest.popFirst() else { throw UsageError(message: "\(name) needs a value") }
        return next
      }
      switch name {
      case "--board": result.board = try value()
      case "--unit": result.unit = try value()
      case "--state": result.state = try value()
      case "--csms": result.csms = try value()
      case "--csms-slot":
        let text = try value()
        guard let slot = Int32(text) else { throw UsageError(message: "--csms-slot \(text): must be a number") }
        result.csmsSlot = slot
      case "--control": result.control = try value()
      case "--log-level":
        let text = try value()
        guard let level = Logger.Level(rawValue: text) else {
          let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
          throw UsageError(message: "--log-level \(text): must be one of \(levels)")
        }
        result.logLevel = level
      case "--check": result.checkOnly = true
      case "--hardware-test": result.testsHardware = true
      case "--version": result.showVersion = true
      case "--help", "-h": result.showHelp = true
      default:
        guard let option = extraOptions.first(where: { "--" + $0.name == name }) else {
          throw UsageError(message: "unknown argument '\(argument)'")
        }
        result.extra.append(ExtraValue(name: option.name, value: try value()))
      }
    }
    if !result.showHelp, !result.showVersion {
      guard !result.board.isEmpty else { throw UsageError(message: "--board FILE is missing") }
      if result.testsHardware, !result.checkOnly, result.control == nil {
        throw UsageError(message: "--control SOCKET is missing: the hardware test is done through it")
      }
      guard result.checkOnly || result.testsHardware || result.state != nil else {
        throw UsageError(message: "--state DIR is missing")
      }
    }
    return result
  }

  /// The text of `--help`.
  public static func help(program: String, extraOptions: [ExtraOption]) -> String {
    var lines = [
      "usage: \(program) --board FILE --state DIR [options]",
      "",
      "Runs a charging station in the foreground; logs go to stderr.",
      "",
      "  --board FILE       board profile (boards/README.md)",
      "  --state DIR        everything that is kept: created when missing",
      "  --unit FILE        unit file; default DIR/unit.json",
      "  --csms URL         CSMS for this run; the identity is appended",
      "  --csms-slot N      the network slot that --csms is for; default the first to be dialed",
      "  --control SOCKET   station socket for chargerctl",
      "  --log-level LEVEL  trace, debug, info, notice, warning, error or critical",
      "  --check            validate the profile and the unit file, then exit",
      "  --hardware-test    no station: the hardware alone, for chargerctl hardware test",
      "  --version          print the version and exit",
    ]
    for option in extraOptions {
      let flag = "--\(option.name) \(option.placeholder)"
      lines.append("  " + flag + String(repeating: " ", count: max(1, 19 - flag.count)) + option.help)
    }
    lines.append("")
    lines.append("exit status: 0 done, 64 usage, 70 internal error, 78 bad profile or unit file")
    return lines.joined(separator: "\n")
  }
}

/// The daemon's exit codes (sysexits).
public enum ExitCode {
  public static let success: Int32 = 0
  public static let usage: Int32 = 64
  public static let `internal`: Int32 = 70
  public static let badProfile: Int32 = 78
}
