import Testing

@testable import ChargerBase

@Suite("SHA-256")
struct SHA256Tests {
  private func digest(_ bytes: [UInt8]) -> String {
    let words = bytes.withUnsafeBytes { SHA256.digest(of: $0) }
    return [words.0, words.1, words.2, words.3, words.4, words.5, words.6, words.7].map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }.joined()
  }

  @Test("Digests are those of FIPS 180-4's examples, up to a million bytes")
  func examples() {
    #expect(digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digest(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      digest(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("Every length around a block is padded rightly: no two texts of the same letters agree")
  func lengths() {
    let digests = (0...200).map { digest([UInt8](repeating: 7, count: $0)) }
    #expect(Set(digests).count == 201)
    #expect(digests.allSatisfy { $0.count == 64 })
  }
}
