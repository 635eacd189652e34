import ChargerBase
import OCPPJSON
import OCPPTypes
import Testing

@Suite("Boot notification on the wire")
struct BootNotificationTests {
  let request = BootNotificationRequest(
    chargingStation: ChargingStation(model: "Duo", vendorName: "Example", firmwareVersion: "1.0"), reason: .powerUp)

  @Test("What is written is what the schema shows, without absent members")
  func written() {
    #expect(
      String(decoding: request.encode(version: .v201), as: UTF8.self)
        == #"{"chargingStation":{"model":"Duo","vendorName":"Example","firmwareVersion":"1.0"},"reason":"PowerUp"}"#)
  }

  @Test("What was written is read back")
  func roundTrip() throws {
    let bytes = request.encode(version: .v201)
    #expect(try BootNotificationRequest.decode(bytes[...], version: .v201) == request)
  }

  @Test("A missing member is named with its path")
  func missing() {
    let payload = Array(#"{"chargingStation":{"model":"Duo"},"reason":"PowerUp"}"#.utf8)
    #expect(
      throws: MessageViolation(
        code: .occurrenceConstraintViolation, path: "$.chargingStation.vendorName", detail: "missing")
    ) {
      try BootNotificationRequest.decode(payload[...], version: .v201)
    }
  }
}
