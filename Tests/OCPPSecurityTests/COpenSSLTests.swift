import COpenSSL
import Testing

@Suite("C library OpenSSL")
struct COpenSSLTests {
  @Test("libcrypto is of version 3 and makes a key on P-256")
  func version() throws {
    #expect(OPENSSL_version_major() == 3)
    let key = try #require(copenssl_generate_p256())
    defer { EVP_PKEY_free(key) }
    #expect(EVP_PKEY_get_bits(key) == 256)
  }
}
