/// Names the driver of one piece of hardware; its options stay as the file has them, for the driver's factory to read.
public struct DriverReference: Sendable, Equatable {
  /// The driver's name in the catalogue.
  public var driver: String
  /// Where it stands in the file, as in `$.evses[0].meter`.
  public let path: String
  /// The driver's own keys.
  package let node: ProfileNode
  /// Where its name stands in the file.
  package let nameOffset: Int
  /// Keys of the same object that are not the driver's.
  package let reserved: [String]

  package init(driver: String, path: String, node: ProfileNode, nameOffset: Int, reserved: [String]) {
    self.driver = driver
    self.path = path
    self.node = node
    self.nameOffset = nameOffset
    self.reserved = reserved
  }

  /// Stands for a driver that could not be read, in a profile that nobody will get to see.
  static func missing(_ field: ProfileField) -> DriverReference {
    DriverReference(
      driver: "", path: field.path, node: ProfileNode(offset: field.offset, .null), nameOffset: field.offset,
      reserved: [])
  }

  /// An option that whoever stands in for the hardware needs to know; nil when the profile does not have it. Drivers
  /// read theirs from `DriverOptions`.
  package func boolean(_ name: String) -> Bool? {
    guard case .boolean(let value)? = node.member(name)?.content else { return nil }
    return value
  }

  /// Whether the profile tells the driver anything beside its name.
  var hasOptions: Bool {
    if case .object(let members) = node.content { !members.isEmpty } else { false }
  }
}
