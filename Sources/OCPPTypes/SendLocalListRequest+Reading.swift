import OCPPJSON

extension SendLocalListRequest {
  /// Reads a payload like `decode`, and hands its entries over one by one: a list of thousands never stands in memory as
  /// messages. What is returned has no list.
  ///
  /// - Parameter maximumEntries: more break the schema's own bound on occurrences.
  package static func read(
    _ payload: ArraySlice<UInt8>, version: OCPPVersion, limits: JSONLimits, maximumEntries: Int,
    entry: (IdToken, IdTokenInfo?) -> Void
  ) throws(MessageViolation) -> SendLocalListRequest {
    try MessageDecoding.decode(payload, limits) { (reader) throws(JSONFault) in
      var versionNumber: Int32?
      var updateType: UpdateKind?
      var customData: CustomData?
      var seen: UInt64 = 0
      try reader.enterObject()
      while let member = try reader.nextMember(of: memberNames, seen: &seen) {
        switch member {
        case 0: versionNumber = try reader.int32()
        case 1: updateType = try UpdateKind(from: &reader, version: version)
        case 2:
          _ = try reader.array(minimum: 1, maximum: maximumEntries) { (reader) throws(JSONFault) in
            try readEntry(&reader, version, entry)
          }
        case 3: customData = try CustomData(from: &reader)
        default: break
        }
      }
      try reader.require(0x3, seen: seen, of: memberNames)
      guard let versionNumber, let updateType else { throw reader.missing("") }
      return SendLocalListRequest(versionNumber: versionNumber, updateType: updateType, customData: customData)
    }
  }

  /// An `AuthorizationData`.
  private static func readEntry(
    _ reader: inout JSONReader, _ version: OCPPVersion, _ entry: (IdToken, IdTokenInfo?) -> Void
  ) throws(JSONFault) {
    var idToken: IdToken?
    var information: IdTokenInfo?
    var seen: UInt64 = 0
    try reader.enterObject()
    while let member = try reader.nextMember(of: AuthorizationData.memberNames, seen: &seen) {
      switch member {
      case 0: idToken = try IdToken(from: &reader, version: version)
      case 1: information = try IdTokenInfo(from: &reader, version: version)
      case 2: _ = try CustomData(from: &reader)
      default: break
      }
    }
    try reader.require(0x1, seen: seen, of: AuthorizationData.memberNames)
    guard let idToken else { throw reader.missing("") }
    entry(idToken, information)
  }
}
