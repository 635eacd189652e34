extension LinuxDrivers {
  public static let smartCard = [smartCardReader]

  public static let smartCardReader = Description(
    kind: .reader, name: "pcsc", summary: "contactless card reader behind pcscd",
    options: [
      Option(name: "device", meaning: "the reader's name as pcscd lists it, or the beginning of it", standard: nil),
      Option(name: "serialNumber", meaning: "tells readers of one kind apart", standard: "none"),
      Option(name: "unknownCards", meaning: "a card whose ATR tells no kind: refuse or readUID", standard: "refuse"),
      Option(name: "unknownCardType", meaning: "what its UID is then: ISO14443 or ISO15693", standard: "ISO14443"),
      Option(
        name: "randomUIDs", meaning: "a UID made anew each time (first byte 08): refuse or take", standard: "refuse"),
      Option(name: "iso14443ByteOrder", meaning: "asRead or reversed", standard: "asRead"),
      Option(name: "iso15693ByteOrder", meaning: "asRead or reversed", standard: "asRead"),
      Option(name: "debounceMilliseconds", meaning: "a card gone for less was not gone, 0 to 10000", standard: "1000"),
      Option(name: "readAttempts", meaning: "how often an unreadable card is tried, 1 to 10", standard: "3"),
      Option(
        name: "silenceMilliseconds", meaning: "how long reader or pcscd may be away, 0 to 60000", standard: "3000"),
      Option(name: "startCommands", meaning: "sent when the reader was found, in hexadecimal", standard: "none"),
      Option(name: "presentedCommands", meaning: "sent when a card was read", standard: "none"),
      Option(name: "refusedCommands", meaning: "sent when a card gives no token", standard: "none"),
      Option(name: "commandChannel", meaning: "how they go: control or transmit", standard: "control"),
      Option(name: "controlCodeNumber", meaning: "the escape's number, 0 to 65535", standard: "1"),
    ])
}
