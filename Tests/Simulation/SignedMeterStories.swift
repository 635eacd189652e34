import ChargerBase
import EVSEControl
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

/// Signs with a key that a test knows.
private struct TestKeySigner: MeterSigner {
  var method: String { "TEST-FNV1a" }

  func signature(of bytes: [UInt8], serialNumber: String) -> [UInt8]? {
    DeterministicMeterSigner().signature(of: bytes + publicKey(serialNumber: serialNumber), serialNumber: serialNumber)
  }

  func publicKey(serialNumber: String) -> [UInt8] { [0x30, 0x59, 0x30, 0x13] + Array(serialNumber.utf8) }
}

@Suite("The whole station: a meter that signs")
struct SignedMeterStories {
  private func station(_ settings: [(String, String, String)] = []) throws -> WholeStation {
    WholeStation(profile: try BoardFile.load("bench-ac-socket"), settings: settings, signer: TestKeySigner()).start()
  }

  /// One session of half a minute.
  private func session(_ station: WholeStation, away: () -> Void = {}) throws -> TransactionLedger.Book {
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(30)) { station.isClosed() })
    station.run(for: .seconds(30))
    away()
    station.tap()
    #expect(station.run(upTo: .seconds(60)) { station.books.last?.isEnded == true })
    return try #require(station.books.last)
  }

  private struct Signed {
    var context: ReadingContext?
    var register: Decimal
    var value: SignedMeterValue
    var readings: [(kind: String, kilowattHours: Decimal)]
  }

  /// Reads what was signed back from the message, and checks the signature with the key that came with it.
  private func verified(_ event: TransactionEventRequest?, key: [UInt8]? = nil) throws -> [Signed] {
    try (event?.meterValue ?? []).flatMap { value in
      try value.sampledValue.compactMap { sampled -> Signed? in
        guard let signed = sampled.signedMeterValue else { return nil }
        let text = String(decoding: try #require(Self.bytes(signed.signedMeterData)), as: UTF8.self)
        let parts = text.split(separator: "|", maxSplits: 2).map(String.init)
        try #require(parts.count == 3 && parts[0] == "OCMF" && signed.encodingMethod == "OCMF")
        let payload = try JSONValue(parsing: parts[1])
        let tail = try JSONValue(parsing: parts[2])
        let serial = try #require(payload["GS"]?.string)
        let sent = try #require(Self.bytes(signed.publicKey ?? ""))
        let verifying = key ?? sent
        #expect(verifying == TestKeySigner().publicKey(serialNumber: serial))
        let expected = DeterministicMeterSigner().signature(
          of: Array(parts[1].utf8) + verifying, serialNumber: serial)
        #expect(tail["SD"]?.string == expected?.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined())
        #expect(signed.signingMethod == tail["SA"]?.string)
        let rows = payload["RD"]?.array ?? []
        return Signed(
          context: sampled.context, register: sampled.value, value: signed,
          readings: try rows.map {
            (try #require($0["TX"]?.string), try #require($0["RV"]?.decimal))
          })
      }
    }
  }

  private static func bytes(_ base64: String) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for character in base64.utf8 where character != UInt8(ascii: "=") {
      guard let index = alphabet.firstIndex(of: character) else { return nil }
      bits = bits << 6 | UInt32(index)
      count += 6
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
    return bytes
  }

  @Test(
    "J02.FR.21, TC_J_11_CS: the start is signed in Started, start and stop in Ended, and the driver's bill can be verified"
  )
  func chain() throws {
    let station = try station([("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue", "EveryMeterValue")])
    let book = try session(station)
    let begin = try #require(try verified(book.started).first)
    #expect(begin.context == .transactionBegin && begin.readings.map { $0.kind } == ["B"])
    let told = try verified(book.ended)
    #expect(told.map { $0.context } == [.transactionBegin, .transactionEnd])
    #expect(told.first?.value == begin.value, "the same signature, told again")
    let end = try #require(told.last)
    #expect(end.readings.map { $0.kind } == ["B", "E"], "one set holds both")
    #expect(end.readings.map { $0.kilowattHours.thousandths }.allSatisfy { $0 != nil })
    // What the CSMS bills is what was signed, and what the meter has counted.
    for item in [begin, end] {
      let signed = try #require(item.readings.last?.kilowattHours.scaled(places: 6))
      #expect(item.register.scaled(places: 3) == signed)
    }
    #expect(Energy(end.register) == station.register())
    #expect(station.billed(book).map { $0 > .zero } == true)
    #expect(station.violations.isEmpty, "\(station.violations)")
  }

  @Test("PublicKeyWithSignedMeterValue: once in a transaction, or never; an empty text stands where it is not told")
  func publicKey() throws {
    for (setting, keys) in [("OncePerTransaction", [true, false, false]), ("Never", [false, false, false])] {
      let station = try station([("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue", setting)])
      let book = try session(station)
      let values = [book.started, book.ended].flatMap { $0?.meterValue ?? [] }.flatMap(\.sampledValue)
        .compactMap(\.signedMeterValue)
      #expect(values.map { $0.publicKey?.isEmpty == false } == keys)
      #expect(values.allSatisfy { $0.publicKey != nil })
    }
  }

  @Test("SampledDataCtrlr.SignReadings false: nothing is signed, and nothing waits for it")
  func switchedOff() throws {
    let station = try station([("SampledDataCtrlr", "SignReadings", "false")])
    let book = try session(station)
    #expect(try verified(book.started).isEmpty && verified(book.ended).isEmpty)
    #expect(!station.notes.contains { $0.text.contains("signed") })
  }

  @Test(
    "J02.FR.21: a meter that is busy, slow, silent or fails delays start and end by the stated time, and loses neither",
    arguments: [SimulatedFault.signingBusy, .signingSlow, .signingSilent, .signingFailure])
  func faults(fault: SimulatedFault) throws {
    let station = try station()
    station.fault(fault)
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(4)) { !station.books.isEmpty }, "Started has waited for three seconds at most")
    #expect(station.run(upTo: .seconds(20)) { station.isClosed() })
    station.run(for: .seconds(40))
    station.tap()
    let stopped = station.clock.now
    #expect(station.run(upTo: .seconds(20)) { station.books.last?.isEnded == true })
    #expect(station.clock.now - stopped < .seconds(16), "opening, reading and signing together")
    let book = try #require(station.books.last)
    #expect(book.isGapless)
    #expect(station.billed(book).map { $0 > .zero } == true, "the energy is told without a signature")
    #expect(
      try verified(book.ended, key: TestKeySigner().publicKey(serialNumber: "x")).isEmpty || fault == .signingSlow)
    #expect(station.violations.isEmpty, "\(station.violations)")
  }

  @Test("A meter that was busy at the stop and is free again in time signs the end after all")
  func busyForAMoment() throws {
    let station = try station([("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue", "EveryMeterValue")])
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(30)) { station.isClosed() })
    station.run(for: .seconds(30))
    station.fault(.signingBusy)
    station.tap()
    station.run(for: .seconds(5))
    #expect(station.books.last?.isEnded == false)
    station.fault(.signingBusy, false)
    #expect(station.run(upTo: .seconds(10)) { station.books.last?.isEnded == true })
    #expect(try verified(station.books.last?.ended).map { $0.context } == [.transactionBegin, .transactionEnd])
  }

  @Test("The signed start outlives the program and is told with Ended", arguments: [WholeStation.End.kill, .powerCut])
  func restart(end: WholeStation.End) throws {
    let station = try station([("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue", "EveryMeterValue")])
    let book = try session(station) {
      station.restart(end)
      #expect(station.run(upTo: .seconds(60)) { station.isClosed() })
      station.run(for: .seconds(10))
    }
    #expect(station.books.count == 1)
    #expect(try verified(book.ended).map { $0.context } == [.transactionBegin, .transactionEnd])
    #expect(Energy(try #require(try verified(book.ended).last).register) == station.register())
  }

  @Test("A station whose meter does not sign tells nothing of signing in its device model")
  func notListed() throws {
    let plain = try WholeStation(board: "bench-ac-dual").start()
    let signing = try station()
    for key in [
      VariableKey("SampledDataCtrlr", "SignReadings"), VariableKey("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue"),
    ] {
      #expect(plain.chargePoint?.requestValue(key) == nil)
      #expect(signing.chargePoint?.requestValue(key) != nil)
    }
    for station in [plain, signing] {
      #expect(station.chargePoint?.requestValue(VariableKey("AlignedDataCtrlr", "SignReadings")) == nil)
    }
  }
}
