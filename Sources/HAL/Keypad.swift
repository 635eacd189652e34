/// A keypad on which drivers type key codes. It gives single keys: what is a code is the station's to say, the same for
/// every keypad.
///
/// Obligations, beside those of `StationLaneDriver`:
/// 1. Each key stroke is given out once, in order; a key that is held down is one stroke.
/// 2. At most 64 strokes wait to be fetched. When one more comes, all are dropped and `clear` takes their place: a code
///    with a hole in it is never given out as a code.
/// 3. What was given out is kept nowhere, and no key is ever written to a log: typed together they are a secret.
public protocol Keypad: StationLaneDriver {
  /// The name that the board profile gives it.
  var name: String { get }
  func takeKeys() -> [KeypadKey]
}

public enum KeypadKey: Sendable, Hashable {
  /// One ASCII letter or digit.
  case character(UInt8)
  case enter
  case clear

  /// The key that a keypad's legend stands for: a letter or digit, `#` for enter, `*` for clear.
  public init?(legend: UInt8) {
    switch legend {
    case UInt8(ascii: "#"): self = .enter
    case UInt8(ascii: "*"): self = .clear
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      self = .character(legend)
    default: return nil
    }
  }
}

/// Strokes that wait to be fetched, by obligation 2 of `Keypad`: for drivers.
public struct KeypadBuffer: Sendable {
  public static let capacity = 64
  private var waiting: [KeypadKey] = []

  public init() {}

  public var isEmpty: Bool { waiting.isEmpty }

  public mutating func append(_ key: KeypadKey) {
    guard waiting.count < Self.capacity else {
      waiting = [.clear]
      return
    }
    waiting.append(key)
  }

  public mutating func removeAll() { waiting.removeAll() }

  public mutating func take() -> [KeypadKey] {
    defer { waiting.removeAll() }
    return waiting
  }
}
