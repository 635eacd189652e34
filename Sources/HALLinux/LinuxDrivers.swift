/// What this module has to offer, under the names that board profiles use.
///
/// A program adds each driver to its catalogue under this name and reads these options; the list is also what the
/// program's help and the documentation show, so that they cannot promise a driver that is not there.
public enum LinuxDrivers {
  public enum Kind: String, Sendable, CaseIterable {
    case contactor
  }

  public struct Option: Sendable, Equatable {
    public let name: String
    public let meaning: String
    /// As it would stand in a profile; nil when the option must be given.
    public let standard: String?
  }

  public struct Description: Sendable, Equatable {
    public let kind: Kind
    public let name: String
    public let summary: String
    public let options: [Option]
  }

  public static let gpioContactor = Description(
    kind: .contactor, name: "gpio", summary: "coil and auxiliary contact on two GPIO lines",
    options: [
      Option(name: "chip", meaning: "the GPIO chip's device", standard: nil),
      Option(name: "coilLine", meaning: "the coil's line, by name or by number", standard: nil),
      Option(name: "coilActiveLow", meaning: "the coil is energized by a low level", standard: "false"),
      Option(name: "feedbackChip", meaning: "the chip of the feedback line, where it is another", standard: "chip"),
      Option(name: "feedbackLine", meaning: "the auxiliary contact's line, by name or by number", standard: nil),
      Option(name: "feedbackActiveLow", meaning: "a low level shows a closed contactor", standard: "false"),
    ])

  public static let all = [gpioContactor]
}

extension GPIOLineAddress {
  /// From a profile's texts: a line of digits alone is an offset, anything else a name.
  public init(chip: String, lineText: String, isActiveLow: Bool) {
    if !lineText.isEmpty, lineText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let offset = UInt32(lineText)
    {
      self.init(chip: chip, line: .offset(offset), isActiveLow: isActiveLow)
    } else {
      self.init(chip: chip, line: .name(lineText), isActiveLow: isActiveLow)
    }
  }
}
