import ChargerBase
import OCPPJSON

/// What happens around a station, step by step, from a file of JSON Lines:
/// `{"afterS": 2.5, "method": "bench.plugIn", "params": {"evse": 1}}`. `afterS` counts from the step before (0 when it is
/// left out); methods and parameters are those of the world socket. Empty lines and lines that begin with `#` are
/// passed over.
public struct WorldScript: Sendable, Equatable {
  public struct Step: Sendable, Equatable {
    public var after: Duration
    public var method: String
    /// An object; empty when it was left out.
    public var params: JSONValue
    /// In the file, from 1.
    public var line: Int
  }

  public static let maximumSteps = 10_000
  /// A week between two steps is enough.
  public static let longestPause = Decimal(604_800)

  public private(set) var steps: [Step] = []

  /// Throws what is wrong with its line.
  public init(parsing bytes: [UInt8]) throws(WorldScriptError) {
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let text = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
      guard let first = text.first, first != UInt8(ascii: "#") else { continue }
      guard steps.count < Self.maximumSteps else {
        throw WorldScriptError(line: number, reason: "a script has at most \(Self.maximumSteps) steps")
      }
      steps.append(try Self.step(Array(text), line: number))
    }
  }

  private static func step(_ text: [UInt8], line: Int) throws(WorldScriptError) -> Step {
    func wrong(_ reason: String) -> WorldScriptError { WorldScriptError(line: line, reason: reason) }
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: text) } catch { throw wrong("\(error)") }
    guard let members = value.members else { throw wrong("a step is an object") }
    for member in members where !["afterS", "method", "params"].contains(member.name) {
      throw wrong("\(member.name) is unknown; a step has afterS, method and params")
    }
    guard let method = value["method"]?.string else { throw wrong("method is missing") }
    let seconds = value["afterS"] ?? 0
    guard let after = seconds.decimal, after >= .zero, after <= longestPause, let milliseconds = after.thousandths
    else { throw wrong("afterS must be a number of seconds from 0 to \(longestPause)") }
    let params = value["params"] ?? .object([])
    guard params.members != nil else { throw wrong("params must be an object") }
    return Step(after: .milliseconds(milliseconds), method: method, params: params, line: line)
  }
}

public struct WorldScriptError: Error, Sendable, Equatable, CustomStringConvertible {
  public var line: Int
  public var reason: String

  public var description: String { "line \(line): \(reason)" }
}

/// A script on its way: which steps are due.
public struct WorldScriptPlayer: Sendable, Equatable {
  private let steps: [WorldScript.Step]
  private var next = 0
  /// When the next step is due; nil at the script's end.
  public private(set) var nextInstant: MonotonicInstant?

  public init(_ script: WorldScript, startingAt start: MonotonicInstant) {
    steps = script.steps
    nextInstant = steps.first.map { start + $0.after }
  }

  /// The next step when it is due by now; called until nil.
  public mutating func takeDue(by now: MonotonicInstant) -> WorldScript.Step? {
    guard let due = nextInstant, due <= now, steps.indices.contains(next) else { return nil }
    defer {
      next += 1
      nextInstant = steps.indices.contains(next) ? due + steps[next].after : nil
    }
    return steps[next]
  }
}
