import CGPIOD

/// Which line of which chip, what "active" means on it, and what the chip does to it.
public struct GPIOLineAddress: Sendable, Hashable, CustomStringConvertible {
  /// How the line is found on its chip. Names come from the device tree and survive changes of the numbering.
  public enum Selector: Sendable, Hashable {
    case name(String)
    case offset(UInt32)
  }

  /// The resistor that the chip puts on an input.
  public enum Bias: String, Sendable, Hashable, CaseIterable {
    /// As the boot loader or the device tree left it.
    case asIs
    case none, pullUp, pullDown
  }

  /// What the chip drives an output with.
  public enum Output: String, Sendable, Hashable, CaseIterable {
    case pushPull, openDrain, openSource
  }

  /// The chip's device (`/dev/gpiochip0`), its name (`gpiochip0`) or its label; nil for a line whose name is looked for on
  /// all chips.
  public var chip: String?
  public var line: Selector
  /// The line is active when its level is low.
  public var isActiveLow: Bool
  public var bias: Bias
  public var output: Output

  public init(
    chip: String?, line: Selector, isActiveLow: Bool = false, bias: Bias = .asIs, output: Output = .pushPull
  ) {
    self.chip = chip
    self.line = line
    self.isActiveLow = isActiveLow
    self.bias = bias
    self.output = output
  }

  /// From a profile's texts: a line of digits alone is an offset, anything else a name.
  public init(chip: String?, lineText: String, isActiveLow: Bool) {
    let isNumber =
      !lineText.isEmpty && lineText.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    if isNumber, let offset = UInt32(lineText) {
      self.init(chip: chip, line: .offset(offset), isActiveLow: isActiveLow)
    } else {
      self.init(chip: chip, line: .name(lineText), isActiveLow: isActiveLow)
    }
  }

  public var description: String {
    let name =
      switch line {
      case .name(let name): "line \"\(name)\""
      case .offset(let offset): "line \(offset)"
      }
    return chip.map { "\($0) \(name)" } ?? name
  }
}

extension GPIOLineAddress.Bias {
  var code: cgpiod_bias {
    switch self {
    case .asIs: cgpiod_bias_as_is
    case .none: cgpiod_bias_none
    case .pullUp: cgpiod_bias_pull_up
    case .pullDown: cgpiod_bias_pull_down
    }
  }
}

extension GPIOLineAddress.Output {
  var code: cgpiod_drive {
    switch self {
    case .pushPull: cgpiod_drive_push_pull
    case .openDrain: cgpiod_drive_open_drain
    case .openSource: cgpiod_drive_open_source
    }
  }
}
