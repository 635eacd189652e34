/// What a JSON text may cost at most. Every limit is checked before memory is taken for what it limits.
public struct JSONLimits: Sendable, Equatable {
  /// Bytes of the whole text.
  public var maximumBytes: Int
  /// Objects and arrays within each other; the outermost counts as one.
  public var maximumDepth: Int
  /// Elements of one array.
  public var maximumItems: Int
  /// Members of one object: each of their names is compared with those before it.
  public var maximumMembers: Int
  /// Bytes of one string, as they stand between its quotes.
  public var maximumStringBytes: Int

  /// `maximumMembers` is `maximumItems` where it is left out.
  public init(
    maximumBytes: Int = 262_144, maximumDepth: Int = 32, maximumItems: Int = 2_048, maximumStringBytes: Int = 65_536,
    maximumMembers: Int? = nil
  ) {
    self.maximumBytes = maximumBytes
    self.maximumDepth = maximumDepth
    self.maximumItems = maximumItems
    self.maximumMembers = maximumMembers ?? maximumItems
    self.maximumStringBytes = maximumStringBytes
  }

  /// Enough for every message of OCPP 2.0.1 and 2.1.
  public static let standard = JSONLimits()
}
