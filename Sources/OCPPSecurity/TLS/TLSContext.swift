import CLinux
import COpenSSL
import COpenSSLLate

/// What all TLS connections to one CSMS share: trusted roots, versions and cipher suites. Owns an `SSL_CTX`.
///
/// Nothing in it changes after `init`, and OpenSSL counts its references atomically: sharing it between threads is safe.
package final class TLSContext: @unchecked Sendable {
  /// Where trust begins.
  package enum Roots: Sendable, Equatable {
    /// The operating system's store.
    case system
    /// A file of PEM certificates.
    case file(String)
    /// PEM certificates in memory, at most 1 MiB.
    case pem([UInt8])
  }

  /// A00.FR.319 asks for one of the first and last pair; forward secrecy comes first. TLS 1.3 keeps OpenSSL's own three.
  package static let defaultCipherSuites = [
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256", "AES256-GCM-SHA384",
  ]
  package static let maximumPEMBytes = 1 << 20

  let context: OpaquePointer

  /// A context that speaks TLS 1.2 and 1.3 (A00.FR.313).
  ///
  /// - Throws: `TLSError` with code `badConfiguration`: no root was found, or a suite is unknown.
  package init(roots: Roots, cipherSuites: [String] = TLSContext.defaultCipherSuites) throws(TLSError) {
    guard openssl_late_is_available() != 0 else {
      throw TLSError(.badConfiguration, reason: "libssl is not installed", place: "TLS")
    }
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_client_method()) else {
      throw TLSError.takingQueue(.badConfiguration, place: "TLS context")
    }
    // From here on deinit frees it, whatever throws.
    self.context = context
    _ = copenssl_release_buffers(context)
    copenssl_allow_moving_write_buffer(context)
    guard copenssl_set_protocol_range(context, TLS1_2_VERSION, TLS1_3_VERSION) == 1 else {
      throw TLSError.takingQueue(.badConfiguration, place: "TLS versions")
    }
    // A00.FR.501: keys of at least 112 bits' strength; A00.FR.321: no compression.
    SSL_CTX_set_security_level(context, 2)
    _ = SSL_CTX_set_options(context, copenssl_strict_options())
    guard SSL_CTX_set_cipher_list(context, cipherSuites.joined(separator: ":")) == 1 else {
      throw TLSError.takingQueue(.badConfiguration, place: "cipher suites")
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    try trust(roots)
  }

  deinit { SSL_CTX_free(context) }

  private func trust(_ roots: Roots) throws(TLSError) {
    ERR_clear_error()
    switch roots {
    case .system:
      guard SSL_CTX_set_default_verify_paths(context) == 1 else {
        throw TLSError.takingQueue(.badConfiguration, place: "the system's trusted roots")
      }
    case .file(let path):
      // Read here: OpenSSL would wait for ever for a FIFO.
      var bytes = [UInt8](repeating: 0, count: Self.maximumPEMBytes)
      let count = linux_read_document(path, &bytes, bytes.count)
      guard count >= 0 else {
        let problem = String(cString: linux_document_problem(linux_errno()))
        throw TLSError(.badConfiguration, reason: "\(path): \(problem)", place: "trusted roots")
      }
      do throws(TLSError) {
        try trust(pem: Array(bytes.prefix(count)))
      } catch {
        throw TLSError(error.code, reason: "\(path): \(error.reason)", place: error.place)
      }
    case .pem(let bytes):
      try trust(pem: bytes)
    }
  }

  private func trust(pem: [UInt8]) throws(TLSError) {
    guard pem.count <= Self.maximumPEMBytes else {
      throw TLSError(.badConfiguration, reason: "more than \(Self.maximumPEMBytes) bytes", place: "trusted roots")
    }
    guard let store = SSL_CTX_get_cert_store(context), let source = BIO_new(BIO_s_mem()) else {
      throw TLSError.takingQueue(.badConfiguration, place: "trusted roots")
    }
    defer { BIO_free(source) }
    BIO_write(source, pem, Int32(clamping: pem.count))
    var count = 0
    while let certificate = PEM_read_bio_X509(source, nil, nil, nil) {
      defer { X509_free(certificate) }
      guard X509_STORE_add_cert(store, certificate) == 1 else {
        throw TLSError.takingQueue(.badConfiguration, place: "trusted roots")
      }
      count += 1
    }
    guard count > 0 else { throw TLSError.takingQueue(.badConfiguration, place: "trusted roots") }
    // The end of the text reads as "no start line".
    ERR_clear_error()
  }
}
