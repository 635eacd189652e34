import COpenSSL

/// One client session over two memory BIOs: ciphertext goes in and out as bytes, nothing touches a socket.
///
/// OpenSSL's error queue belongs to the thread and is sticky, so every call clears it first, and asks for its own error
/// before anything else can run. All members are called on one thread.
final class TLSSession {
  enum Outcome {
    case done
    /// The peer's bytes are missing.
    case needsInput
    /// The peer has said close_notify.
    case ended
    case failed(TLSError)
  }

  /// Plaintext that one read gives out at most.
  static let readChunk = 16 * 1024

  private let session: OpaquePointer
  // Both belong to the session.
  private let input: OpaquePointer
  private let output: OpaquePointer

  init(context: TLSContext, host: String) throws(TLSError) {
    ERR_clear_error()
    guard let session = SSL_new(context.context) else {
      throw TLSError.takingQueue(.badConfiguration, place: "TLS session")
    }
    guard let input = BIO_new(BIO_s_mem()) else {
      SSL_free(session)
      throw TLSError.takingQueue(.badConfiguration, place: "TLS session")
    }
    guard let output = BIO_new(BIO_s_mem()) else {
      BIO_free(input)
      SSL_free(session)
      throw TLSError.takingQueue(.badConfiguration, place: "TLS session")
    }
    copenssl_bio_retry_when_empty(input)
    SSL_set_bio(session, input, output)
    self.session = session
    self.input = input
    self.output = output
    SSL_set_connect_state(session)
    try expect(host: host)
  }

  deinit { SSL_free(session) }

  /// Verification of the chain alone accepts every certificate of a trusted root: the name must be asked for too.
  private func expect(host: String) throws(TLSError) {
    guard !host.isEmpty, host.utf8.count <= 253, !host.utf8.contains(0) else {
      throw TLSError(.badConfiguration, reason: "the host name is empty or too long", place: "host name")
    }
    ERR_clear_error()
    // An address matches the certificate's addresses, and is never sent as a server name (RFC 6066 §3).
    if X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1 { return }
    ERR_clear_error()
    // A00.FR.309 looks at the common name even where alternative names exist.
    SSL_set_hostflags(
      session, UInt32(X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT) | UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    guard SSL_set1_host(session, host) == 1, copenssl_set_server_name(session, host) == 1 else {
      throw TLSError.takingQueue(.badConfiguration, place: "host name")
    }
  }

  /// Takes in ciphertext; false when there is no memory for it.
  func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count > 0 else { return true }
    guard let count = Int32(exactly: bytes.count) else { return false }
    ERR_clear_error()
    return BIO_write(input, bytes.baseAddress, count) == count
  }

  /// Gives out the ciphertext that waits to be sent, an alert included, and forgets it.
  func takeOutput<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    var start: UnsafeMutablePointer<CChar>?
    let count = copenssl_bio_contents(output, &start)
    guard count > 0, let start else { return nil }
    let result = body(UnsafeRawBufferPointer(start: start, count: count))
    copenssl_bio_reset(output)
    return result
  }

  func handshake() -> Outcome {
    ERR_clear_error()
    let code = SSL_do_handshake(session)
    return code == 1 ? .done : outcome(code, place: "TLS handshake")
  }

  /// Decrypts into `target`; with `.done`, `count` says how much.
  func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) -> Outcome {
    count = 0
    ERR_clear_error()
    let code = SSL_read_ex(session, target.baseAddress, target.count, &count)
    return code == 1 ? .done : outcome(code, place: "TLS read")
  }

  /// Encrypts one record's worth of `bytes`; with `.done`, `count` says how much was taken.
  func write(_ bytes: UnsafeRawBufferPointer, count: inout Int) -> Outcome {
    count = 0
    guard bytes.count > 0 else { return .done }
    ERR_clear_error()
    let code = SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
    return code == 1 ? .done : outcome(code, place: "TLS write")
  }

  /// Puts close_notify into the output. It must not follow a failure, which has sent its alert.
  func shutDown() {
    ERR_clear_error()
    SSL_shutdown(session)
    ERR_clear_error()
  }

  var versionName: String { SSL_get_version(session).map { String(cString: $0) } ?? "unknown" }

  var cipherSuiteName: String {
    guard let cipher = SSL_get_current_cipher(session), let name = SSL_CIPHER_get_name(cipher) else { return "unknown" }
    return String(cString: name)
  }

  private func outcome(_ code: Int32, place: StaticString) -> Outcome {
    switch SSL_get_error(session, code) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
    case SSL_ERROR_ZERO_RETURN: return .ended
    default:
      let error = TLSError.takingQueue(.protocolFailure, place: place)
      guard error.code == .certificate else { return .failed(error) }
      let verification = SSL_get_verify_result(session)
      guard let text = X509_verify_cert_error_string(verification) else { return .failed(error) }
      return .failed(TLSError(.certificate, reason: String(cString: text), place: place))
    }
  }
}
