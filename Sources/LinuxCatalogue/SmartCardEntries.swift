import BoardProfile
import HAL
import HALLinux

extension LinuxCatalogue {
  static func addSmartCards(to catalogue: inout DriverCatalogue) {
    catalogue.addReader(LinuxDrivers.smartCardReader.name) { options in
      let configuration = SmartCardReaderConfiguration(
        device: options.string("device"), serialNumber: options.optionalString("serialNumber"),
        rules: rules(options), commands: commands(options),
        silentAfter: .milliseconds(options.integer("silenceMilliseconds", in: 0...60_000, default: 3_000)))
      // Two drivers of one profile must never wait for the same physical reader.
      let roster = options.shared("card readers", settings: [:]) { SmartCardRoster() }
      if let other = roster.enter(configuration, at: options.path) {
        options.report(
          "device", "\"\(configuration.device)\" may mean the same reader as \(other)",
          allowed: "names of which none begins with the other, or a serialNumber for each")
      }
      let place = options.place
      return {
        guard case .reader(let name) = place else { throw PlaceError(description: "is no reader's place") }
        return SmartCardReader(name: name, configuration: configuration)
      }
    }
  }

  private static func rules(_ options: DriverOptions) -> SmartCardRules {
    let orders = ["asRead", "reversed"]
    let tries = options.choice("unknownCards", of: ["refuse", "readUID"], default: "refuse") == "readUID"
    let kinds = [TokenKind.iso14443.rawValue, TokenKind.iso15693.rawValue]
    let kind = options.choice("unknownCardType", of: kinds, default: TokenKind.iso14443.rawValue)
    return SmartCardRules(
      unknownCards: tries ? TokenKind(rawValue: kind) : nil,
      takesRandomUIDs: options.choice("randomUIDs", of: ["refuse", "take"], default: "refuse") == "take",
      reversesISO14443: options.choice("iso14443ByteOrder", of: orders, default: "asRead") == "reversed",
      reversesISO15693: options.choice("iso15693ByteOrder", of: orders, default: "asRead") == "reversed",
      debounce: .milliseconds(options.integer("debounceMilliseconds", in: 0...10_000, default: 1_000)),
      readAttempts: Int(options.integer("readAttempts", in: 1...10, default: 3)))
  }

  private static func commands(_ options: DriverOptions) -> SmartCardCommands {
    func list(_ name: String) -> [[UInt8]] {
      guard let text = options.optionalString(name) else { return [] }
      if let commands = SmartCardCommands.list(text) { return commands }
      options.report(
        name, "is no list of commands",
        allowed: "1 to \(SmartCardCommands.maximumCount) commands in hexadecimal digits, commas between")
      return []
    }
    let names = SmartCardCommands.Channel.allCases.map(\.rawValue)
    let channel = options.choice("commandChannel", of: names, default: SmartCardCommands.Channel.control.rawValue)
    let commands = SmartCardCommands(
      start: list("startCommands"), presented: list("presentedCommands"), refused: list("refusedCommands"),
      channel: SmartCardCommands.Channel(rawValue: channel) ?? .control,
      controlCode: UInt32(clamping: options.integer("controlCodeNumber", in: 0...65_535, default: 1)))
    if commands.channel == .transmit, !commands.start.isEmpty {
      options.report(
        "startCommands", "cannot go through a card that is not there", allowed: "commandChannel \"control\"")
    }
    return commands
  }
}

/// A driver that the profile put where it cannot be.
struct PlaceError: Error, CustomStringConvertible {
  var description: String
}

/// The card readers of one profile.
private final class SmartCardRoster {
  private var entries: [(configuration: SmartCardReaderConfiguration, path: String)] = []

  /// Answers the place of a reader that one device might serve as well.
  func enter(_ configuration: SmartCardReaderConfiguration, at path: String) -> String? {
    defer { entries.append((configuration, path)) }
    return entries.first { $0.configuration.overlaps(configuration) }?.path
  }
}
