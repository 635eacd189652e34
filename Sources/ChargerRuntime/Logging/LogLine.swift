import ChargerBase
import Logging

/// One line for people, and what a journal can search it by.
package struct LogLine: Sendable {
  package var level: Logger.Level
  /// Which part speaks: the logger's label.
  package var label: String
  package var text: String
  /// Names in lower case and their values: kind, evse, connector.
  package var fields: [(name: String, value: String)]
  package var writtenAt: WallTime

  package init(
    level: Logger.Level, label: String, text: String, fields: [(name: String, value: String)] = [],
    writtenAt: WallTime
  ) {
    self.level = level
    self.label = label
    self.text = text
    self.fields = fields
    self.writtenAt = writtenAt
  }

  /// What the log budget counts the line under.
  package var subject: String { fields.first { $0.name == "kind" }?.value ?? label }

  /// As one line of text: no control character of a message begins another one.
  package var printable: String {
    var line = "\(label): "
    for scalar in text.unicodeScalars.prefix(Self.maximumCharacters) {
      line.unicodeScalars.append(scalar.value < 32 || scalar.value == 127 ? " " : scalar)
    }
    return line
  }

  /// Characters of a message at most; texts of the CSMS can be in it.
  private static let maximumCharacters = 2_000

  /// syslog's priorities.
  package var priority: Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}

/// Where lines go. It never waits: false when the line could not be written now.
protocol LogSink {
  func write(_ line: LogLine) -> Bool
}
