import JSONRPC
import OCPPJSON
import OCPPTypes

/// What holds for all tokens.
struct TokenPolicy: Equatable {
  /// What a token gets that the book does not know.
  var unknown = AuthorizationStatus.accepted
  /// What the use of one token in a second transaction at the same time gets.
  var concurrent = AuthorizationStatus.accepted
  /// The group whose cards end the transactions of others; the stations know it as `AuthCtrlr.MasterPassGroupId`.
  var masterPassGroup = "MASTERPASS"

  static let members = ["unknown", "concurrent", "masterPassGroup"]

  mutating func change(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(Self.members)
    if let status = try params.authorizationStatus("unknown") { unknown = status }
    if let status = try params.authorizationStatus("concurrent") { concurrent = status }
    if let group = try params.optionalString("masterPassGroup", maximum: 144) {
      guard (1...TokenEntry.maximumTokenCharacters).contains(group.count) else {
        throw params.wrong("masterPassGroup", "has 1 to \(TokenEntry.maximumTokenCharacters) characters")
      }
      masterPassGroup = group
    }
  }

  var json: JSONValue {
    [
      "unknown": .string(unknown.rawName), "concurrent": .string(concurrent.rawName),
      "masterPassGroup": .string(masterPassGroup),
    ]
  }
}
