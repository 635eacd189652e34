/// One thing that is wrong in a board profile or unit file: where, what, and what would be right.
public struct ProfileProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file as the caller named it.
  public var file: String
  /// Counted from 1.
  public var line: Int
  /// Counted from 1, in UTF-8 bytes.
  public var column: Int
  /// The JSON path from the top of the file (`$`), as in `$.evses[0].connectors[1].cable`.
  public var path: String
  /// What is wrong, in a few words that follow the path.
  public var message: String
  /// What would be right: a range, a list of names.
  public var allowed: String?
  /// A known name near the one that was found.
  public var suggestion: String?

  public init(
    file: String, line: Int, column: Int, path: String, message: String, allowed: String? = nil,
    suggestion: String? = nil
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.path = path
    self.message = message
    self.allowed = allowed
    self.suggestion = suggestion
  }

  /// One line for the place and the finding, then what is allowed, indented, as compilers print it.
  public var description: String {
    var text = "\(file):\(line):\(column): \(path): \(message)"
    if let suggestion { text += "\n    did you mean \"\(suggestion)\"?" }
    if let allowed { text += "\n    allowed: \(allowed)" }
    return text
  }
}

/// Everything that is wrong in one or more files, in the order of the files and of the places in them.
public struct ProfileProblems: Error, Sendable, Equatable, CustomStringConvertible {
  /// At most `maximumCount` problems of each file.
  public let problems: [ProfileProblem]
  /// How many more there were.
  public let omitted: Int

  /// Problems kept of one file; a file with more is not worth reading on.
  public static let maximumCount = 100

  public init(_ problems: [ProfileProblem], omitted: Int = 0) {
    self.problems = problems
    self.omitted = omitted
  }

  /// The text that goes to the person at the terminal.
  public var description: String {
    var lines = problems.map(\.description)
    let total = problems.count + omitted
    if omitted > 0 { lines.append("… and \(omitted) more") }
    lines.append(total == 1 ? "1 problem found." : "\(total) problems found.")
    return lines.joined(separator: "\n")
  }

  /// The problems of both, for files that are checked together.
  public static func + (left: ProfileProblems, right: ProfileProblems) -> ProfileProblems {
    ProfileProblems(left.problems + right.problems, omitted: left.omitted + right.omitted)
  }
}
