import COpenSSL
import Glibc

/// The server's side of TLS, for tests: what it speaks is set by the test, weak versions and suites included.
package final class TestTLSServer: @unchecked Sendable {
  package enum Speaks: Sendable {
    case ordinary
    case onlyTLS11
    case onlyTLS12
    /// A suite that no station may use.
    case onlyCBC
  }

  let context: OpaquePointer

  package init(identity: TestIdentity, speaks: Speaks = .ordinary) throws {
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TestAuthorityError(step: "server context") }
    self.context = context
    switch speaks {
    case .ordinary: break
    case .onlyTLS11:
      SSL_CTX_set_security_level(context, 0)
      _ = copenssl_set_protocol_range(context, TLS1_1_VERSION, TLS1_1_VERSION)
    case .onlyTLS12:
      _ = copenssl_set_protocol_range(context, TLS1_2_VERSION, TLS1_2_VERSION)
    case .onlyCBC:
      _ = copenssl_set_protocol_range(context, TLS1_2_VERSION, TLS1_2_VERSION)
      SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-SHA256")
    }
    // A client that refuses the certificate is gone when the server's next record is written.
    signal(SIGPIPE, SIG_IGN)
    guard SSL_CTX_use_certificate(context, identity.certificate) == 1,
      SSL_CTX_use_PrivateKey(context, identity.key) == 1
    else { throw TestAuthorityError(step: "server certificate") }
  }

  deinit { SSL_CTX_free(context) }

  /// A blocking session on a connected socket; nil when the handshake failed.
  package func accept(descriptor: Int32) -> TestTLSConnection? {
    ERR_clear_error()
    guard let session = SSL_new(context) else { return nil }
    SSL_set_fd(session, descriptor)
    guard SSL_accept(session) == 1 else {
      SSL_free(session)
      ERR_clear_error()
      return nil
    }
    return TestTLSConnection(session: session)
  }

  /// A session over memory, for a test without sockets.
  package func makeMemoryConnection() throws -> TestTLSConnection {
    guard let session = SSL_new(context), let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
      throw TestAuthorityError(step: "server session")
    }
    copenssl_bio_retry_when_empty(input)
    SSL_set_bio(session, input, output)
    SSL_set_accept_state(session)
    return TestTLSConnection(session: session, input: input, output: output)
  }
}

package final class TestTLSConnection: @unchecked Sendable {
  private let session: OpaquePointer
  private let input: OpaquePointer?
  private let output: OpaquePointer?

  init(session: OpaquePointer, input: OpaquePointer? = nil, output: OpaquePointer? = nil) {
    self.session = session
    self.input = input
    self.output = output
  }

  deinit { SSL_free(session) }

  /// Bytes of the peer, for a session over memory.
  package func feed(_ bytes: [UInt8]) {
    if let input, !bytes.isEmpty { BIO_write(input, bytes, Int32(bytes.count)) }
  }

  package func takeOutput() -> [UInt8] {
    guard let output else { return [] }
    var start: UnsafeMutablePointer<CChar>?
    let count = copenssl_bio_contents(output, &start)
    let bytes = start.map { Array(UnsafeRawBufferPointer(start: $0, count: max(0, count))) } ?? []
    copenssl_bio_reset(output)
    return bytes
  }

  /// True when the handshake is done.
  package func handshake() -> Bool {
    ERR_clear_error()
    let isDone = SSL_do_handshake(session) == 1
    noteFailure()
    return isDone
  }

  /// At most `count` bytes; empty at the end and on failure.
  package func read(_ count: Int) -> [UInt8] {
    ERR_clear_error()
    var got = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      if SSL_read_ex(session, buffer.baseAddress, count, &got) != 1 { got = 0 }
      used = got
    }
    noteFailure()
    return bytes
  }

  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool {
    ERR_clear_error()
    var written = 0
    return SSL_write_ex(session, bytes, bytes.count, &written) == 1 && written == bytes.count
  }

  /// Whether the peer has said close_notify.
  package var hasPeerEnded: Bool { SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

  package func shutDown() { SSL_shutdown(session) }

  /// The name that the client asked for (RFC 6066 §3).
  package var requestedServerName: String? {
    SSL_get_servername(session, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
  }

  /// The last failure of the session as OpenSSL words it; an alert of the peer is one.
  package private(set) var failure = "none"

  private func noteFailure() {
    let entry = ERR_peek_last_error()
    if entry != 0, let reason = ERR_reason_error_string(entry) { failure = String(cString: reason) }
  }
}
