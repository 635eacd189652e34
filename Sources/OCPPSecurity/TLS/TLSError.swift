import COpenSSL

/// Why a TLS context or connection failed. Two errors are equal when their codes are; reason and place are for people.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: UInt8, Sendable {
    /// The roots, suites or other settings could not be used.
    case badConfiguration
    /// The server's certificate, its path or its name was not accepted (A00.FR.310).
    case certificate
    /// The server speaks no version that we allow (A00.FR.316).
    case version
    /// The server shares no cipher suite with us (A00.FR.323).
    case cipherSuite
    /// The connection ended without the peer's close_notify: what came before may be incomplete.
    case truncated
    /// More bytes waited to be sent than the handler may hold.
    case tooManyPendingBytes
    /// The peer broke the protocol, or OpenSSL failed otherwise.
    case protocolFailure
  }

  package let code: Code
  package let reason: String
  /// The step that failed.
  package let place: StaticString

  package init(_ code: Code, reason: String, place: StaticString) {
    self.code = code
    self.reason = reason
    self.place = place
  }

  package static func == (left: TLSError, right: TLSError) -> Bool { left.code == right.code }

  package var description: String { "\(place): \(reason)" }
}

extension TLSError {
  /// Empties the calling thread's OpenSSL error queue into one error. Without an entry that says more, it has `code`.
  static func takingQueue(_ code: Code, place: StaticString) -> TLSError {
    var reasons: [String] = []
    var found = code
    // The queue holds at most 16 entries (ERR_NUM_ERRORS).
    while case let entry = ERR_get_error(), entry != 0 {
      if copenssl_error_library(entry) == ERR_LIB_SSL, let known = Code(sslReason: copenssl_error_reason(entry)) {
        found = known
      }
      reasons.append(reasonText(entry))
    }
    return TLSError(found, reason: reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; "), place: place)
  }

  private static func reasonText(_ entry: UInt) -> String {
    if let reason = ERR_reason_error_string(entry) { return String(cString: reason) }
    return "error \(entry)"
  }
}

extension TLSError.Code {
  /// What OpenSSL's reason means to us; nil when it says nothing that we tell apart.
  init?(sslReason: Int32) {
    switch sslReason {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      self = .certificate
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_WRONG_SSL_VERSION,
      SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE:
      self = .version
    case SSL_R_NO_SHARED_CIPHER, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY,
      SSL_R_WRONG_CIPHER_RETURNED, SSL_R_UNKNOWN_CIPHER_RETURNED:
      self = .cipherSuite
    default:
      return nil
    }
  }
}
