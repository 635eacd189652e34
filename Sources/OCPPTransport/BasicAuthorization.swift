import ChargerBase

/// The `Authorization` header of HTTP Basic authentication (RFC 7617): user name and password as bytes, in base64.
enum BasicAuthorization {
  static func headerValue(identity: String, password: [UInt8]) -> String {
    "Basic " + Base64.encoded(Array(identity.utf8) + [UInt8(ascii: ":")] + password)
  }
}
