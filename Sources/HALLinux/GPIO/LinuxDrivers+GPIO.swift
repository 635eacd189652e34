extension LinuxDrivers {
  public static let gpio = [gpioContactor]

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
