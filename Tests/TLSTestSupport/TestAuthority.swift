import COpenSSL

package struct TestAuthorityError: Error {
  package let step: StaticString
}

/// A certificate with its private key.
package final class TestIdentity: @unchecked Sendable {
  let certificate: OpaquePointer
  let key: OpaquePointer

  init(certificate: OpaquePointer, key: OpaquePointer) {
    self.certificate = certificate
    self.key = key
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  package var certificatePEM: [UInt8] {
    guard let output = BIO_new(BIO_s_mem()) else { return [] }
    defer { BIO_free(output) }
    PEM_write_bio_X509(output, certificate)
    var start: UnsafeMutablePointer<CChar>?
    let count = copenssl_bio_contents(output, &start)
    return start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
  }
}

/// A certificate authority that lives as long as its test. Its keys are on P-256 and leave no trace on disk.
package final class TestAuthority: @unchecked Sendable {
  package let root: TestIdentity

  package init(name: String = "Test Root") throws {
    let key = try Self.makeKey()
    let certificate = try Self.makeCertificate(
      commonName: name, alternativeNames: nil, key: key, issuer: nil, validFrom: -86_400, validUntil: 86_400)
    root = TestIdentity(certificate: certificate, key: key)
  }

  /// - Parameters:
  ///   - alternativeNames: as OpenSSL writes them, e.g. `DNS:localhost,IP:127.0.0.1`.
  ///   - validUntil: seconds from now.
  package func issue(
    commonName: String, alternativeNames: String? = nil, validFrom: Int = -3600, validUntil: Int = 3600
  ) throws -> TestIdentity {
    let key = try Self.makeKey()
    let certificate = try Self.makeCertificate(
      commonName: commonName, alternativeNames: alternativeNames, key: key, issuer: root, validFrom: validFrom,
      validUntil: validUntil)
    return TestIdentity(certificate: certificate, key: key)
  }

  private static func makeKey() throws -> OpaquePointer {
    guard let key = copenssl_generate_p256() else { throw TestAuthorityError(step: "key") }
    return key
  }

  private static func makeCertificate(
    commonName: String, alternativeNames: String?, key: OpaquePointer, issuer: TestIdentity?, validFrom: Int,
    validUntil: Int
  ) throws -> OpaquePointer {
    guard let certificate = X509_new(), let name = X509_NAME_new() else { throw TestAuthorityError(step: "new") }
    defer { X509_NAME_free(name) }
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1...1_000_000_000))
    X509_gmtime_adj(X509_getm_notBefore(certificate), validFrom)
    X509_gmtime_adj(X509_getm_notAfter(certificate), validUntil)
    guard X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8_VALUE, commonName, -1, -1, 0) == 1 else {
      throw TestAuthorityError(step: "common name")
    }
    X509_set_subject_name(certificate, name)
    X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.certificate) } ?? name)
    X509_set_pubkey(certificate, key)
    try add(NID_basic_constraints, issuer == nil ? "critical,CA:TRUE" : "CA:FALSE", to: certificate)
    if let alternativeNames { try add(NID_subject_alt_name, alternativeNames, to: certificate) }
    guard X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0 else { throw TestAuthorityError(step: "sign") }
    return certificate
  }

  private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) throws {
    guard let addition = X509V3_EXT_conf_nid(nil, nil, kind, value) else { throw TestAuthorityError(step: "extension") }
    X509_add_ext(certificate, addition, -1)
    X509_EXTENSION_free(addition)
  }
}

/// `MBSTRING_UTF8`, a macro that Swift does not import.
private let MBSTRING_UTF8_VALUE: Int32 = 0x1000
