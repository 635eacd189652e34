import ChargerBase
import Foundation
import OCPPJSON
import SimulatedWorld
import TemporaryDirectories
import Testing

@testable import WorldServer

@Suite("What the simulated meter signs")
struct MeterSignatureTests {
  private let evse = EVSEID(1)

  private func signed() throws -> WorldSignedReading.Content {
    var configuration = WorldConfiguration.simple()
    configuration.evses[0].signingMeter = WorldSigningMeter()
    var world = SimulatedWorld(configuration: configuration, signer: OpenSSLMeterSigner())
    try world.perform(.setMeter(evse, [.importRegister(Energy(wattHours: 12_345))]))
    let isTaken = world.requestSignedReading(
      number: 1, context: .transactionBegin, identification: "04…E5", unixSeconds: 1_790_000_000, of: evse)
    #expect(isTaken)
    world.advance(to: world.now + .seconds(1))
    let reading = world.takeSignedReading(of: evse)
    return try #require(reading?.content)
  }

  /// `openssl dgst -verify` over the payload as it stands in the OCMF text.
  private func verify(_ content: WorldSignedReading.Content, changing change: (inout String) -> Void = { _ in }) throws
    -> Bool
  {
    let parts = content.signedData.split(separator: "|", maxSplits: 2).map(String.init)
    #expect(parts.count == 3 && parts[0] == "OCMF")
    var payload = parts[1]
    change(&payload)
    let tail = try JSONValue(parsing: parts[2])
    #expect(tail["SA"]?.string == "ECDSA-secp256r1-SHA256" && content.signingMethod == "ECDSA-secp256r1-SHA256")
    let directory = try TemporaryDirectory("ocmf")
    defer { withExtendedLifetime(directory) {} }
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
      let file = directory.file(name)
      try Data(bytes).write(to: URL(fileURLWithPath: file))
      return file
    }
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    openssl.arguments = [
      "dgst", "-sha256", "-verify", try write(Self.bytes(content.publicKey), "key.der"), "-keyform", "DER",
      "-signature", try write(Self.bytes(tail["SD"]?.string ?? ""), "signature"),
      try write(Array(payload.utf8), "payload"),
    ]
    openssl.standardOutput = FileHandle.nullDevice
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    return openssl.terminationStatus == 0
  }

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
    }
  }

  @Test("The signature verifies with openssl and the key that the meter tells, and not when a digit is changed")
  func verifies() throws {
    let content = try signed()
    #expect(try verify(content))
    #expect(content.signedData.contains("12.345"))
    #expect(try !verify(content) { $0 = $0.replacingOccurrences(of: "12.345", with: "12.346") })
    #expect(content.signedData.count <= 2_500, "J02: signedMeterData")
  }

  @Test("A meter keeps its key; another has another")
  func keys() {
    let signer = OpenSSLMeterSigner()
    #expect(signer.publicKey(serialNumber: "A") == OpenSSLMeterSigner().publicKey(serialNumber: "A"))
    #expect(signer.publicKey(serialNumber: "A") != signer.publicKey(serialNumber: "B"))
    #expect(signer.publicKey(serialNumber: "A").count == 91)
  }
}
