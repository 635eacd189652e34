import ChargerBase
import Glibc
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

@Suite("Iskra's signing meter", .serialized)
struct IskraTests {
  private static let number: UInt8 = 33

  /// A signing meter at 1 kWh, ready to sign.
  private final class Desk {
    let bench: ModbusBench
    let meter: IskraSigningMeter
    private var requests: UInt32 = 0

    /// So patient that a machine which stands still for a moment is no fault of the meter.
    init() throws {
      var settings = ModbusBench.settings
      settings.responseTimeout = .seconds(1)
      bench = try ModbusBench([SimulatedMeterType.iskraWM3M4C.makeSlave(number: number)])
      meter = IskraSigningMeter(
        on: try bench.makeBus(settings), map: .iskra(), polling: .patient(number, silentAfter: .seconds(60)),
        signingTimeout: .seconds(300))
      show(wattHours: 1_000)
      let meter = meter
      #expect(wait { meter.latest != nil })
    }

    /// Serves the meter until a condition holds.
    func wait(_ condition: () -> Bool) -> Bool {
      for _ in 0..<10 where serve([meter], until: condition) { return true }
      return false
    }

    func ask(_ request: SignedReadingRequest) { #expect(wait { meter.requestSignedReading(request) }) }

    func show(wattHours: Int64) {
      bench.front.withSlave(number) { slave in
        var figures = MeterFigures()
        figures.importRegister = Energy(wattHours: wattHours)
        SimulatedMeterType.iskraWM3M4C.show(figures, on: &slave)
      }
    }

    func iskra<Value: Sendable>(_ body: @Sendable (inout IskraSession) -> Value) -> Value? {
      bench.front.withSlave(number) { slave -> Value? in
        guard var session = slave.iskra else { return nil }
        let value = body(&session)
        slave.iskra = session
        return value
      } ?? nil
    }

    func sign(
      _ context: SignedReadingRequest.Context, _ identification: String = "04AA****",
      unixSeconds: Int64? = 1_790_000_000
    ) -> SignedReadingAnswer? {
      requests += 1
      let request = SignedReadingRequest(
        number: requests, context: context, identification: identification, unixSeconds: unixSeconds)
      ask(request)
      var answer: SignedReadingAnswer?
      _ = wait {
        answer = meter.takeSignedReading()
        return answer != nil
      }
      #expect(answer?.number == requests)
      return answer
    }

    func signed(
      _ context: SignedReadingRequest.Context, _ identification: String = "04AA****",
      unixSeconds: Int64? = 1_790_000_000
    ) throws -> SignedReading {
      guard case .signed(_, let reading)? = sign(context, identification, unixSeconds: unixSeconds) else {
        throw Refused(told: bench.told.all)
      }
      return reading
    }
  }

  private struct Refused: Error { let told: [String] }

  @Test("A session is begun and ended, each with its register, its time and who was charged, signed in OCMF")
  func wholeSession() throws {
    let desk = try Desk()
    let begin = try desk.signed(.transactionBegin)
    #expect(begin.importRegister == Energy(wattHours: 1_000))
    #expect(begin.encodingMethod == "OCMF")
    #expect(begin.signingMethod == "ECDSA-secp256r1-SHA256")
    #expect(begin.signedData.hasPrefix("OCMF|{\"FV\":\"1.0\","))
    #expect(begin.signedData.contains("\"ID\":\"04AA****\""))
    #expect(begin.signedData.split(separator: "|").count == 3)
    #expect(desk.iskra { $0.state } == 1)
    #expect(desk.iskra { $0.unixSeconds } == 1_790_000_000)
    // 64 bytes 00…3F behind the DER head of a P-256 key.
    #expect(begin.publicKey.hasPrefix("3059301306072A8648CE3D020106082A8648CE3D0301070342000400010203"))
    #expect(begin.publicKey.utf8.count == 54 + 128)

    desk.show(wattHours: 8_250)
    let end = try desk.signed(.transactionEnd)
    #expect(end.importRegister == Energy(wattHours: 8_250))
    #expect(end.signedData.contains("\"TX\":\"B\"") && end.signedData.contains("\"TX\":\"E\""))
    #expect(end.signedData.hasSuffix("|{\"SD\":\"300702011102021102\"}"), "without the zero that DER forbids")
    #expect(desk.iskra { $0.state } == 0)
    #expect(end.takenAt > begin.takenAt)
    #expect(desk.meter.latest?.importRegister != nil, "readings go on meanwhile")
  }

  @Test("After a power failure between begin and end the meter gets time and metadata once more")
  func powerFailure() throws {
    let desk = try Desk()
    _ = try desk.signed(.transactionBegin)
    _ = desk.iskra { $0.failPower() }
    #expect(desk.iskra { $0.state } == 2)
    desk.show(wattHours: 2_000)
    let end = try desk.signed(.transactionEnd, unixSeconds: 1_790_003_600)
    #expect(end.importRegister == Energy(wattHours: 2_000))
    #expect(end.signedData.contains("04AA****"))
    #expect(desk.iskra { $0.unixSeconds } == 1_790_003_600)
  }

  @Test("The signature of the begin, which the meter still shows, is not taken for that of the end")
  func lateSignature() throws {
    let desk = try Desk()
    _ = try desk.signed(.transactionBegin)
    _ = desk.iskra { $0.fault = .showsLastSignature }
    desk.show(wattHours: 3_000)
    let end = try desk.signed(.transactionEnd)
    #expect(end.importRegister == Energy(wattHours: 3_000))
    #expect(end.signedData.contains("\"TX\":\"E\""))
  }

  @Test("A session that nobody has ended is ended before the next begins")
  func leftOverSession() throws {
    let desk = try Desk()
    _ = try desk.signed(.transactionBegin, "FIRST")
    // Another person's begin on the same meter, as after a restart that lost the first.
    let begin = try desk.signed(.transactionBegin, "SECOND")
    #expect(begin.signedData.contains("SECOND"))
    #expect(desk.iskra { $0.state } == 1)
    #expect(desk.iskra { $0.signedSets } == 3)
  }

  @Test(
    "What cannot stand in an OCMF text is refused, and nothing of it reaches the meter", arguments: ["A|B", "A\nB"])
  func forbiddenIdentification(text: String) throws {
    let desk = try Desk()
    #expect(desk.sign(.transactionBegin, text) == .failed(number: 1, .refused))
    #expect(desk.iskra { $0.state } == 0)
    #expect(desk.bench.front.withSlave(Self.number) { $0.writes.isEmpty } == true)
  }

  @Test("Quotation marks in an identification stay inside it")
  func quotedIdentification() throws {
    let metadata = try #require(IskraText.metadata(identification: "a\"b\\c"))
    #expect(String(decoding: metadata, as: UTF8.self).contains("\"ID\":\"a\\\"b\\\\c\""))
    #expect(IskraText.metadata(identification: String(repeating: "x", count: 65)) == nil)
    let masked = try #require(IskraText.metadata(identification: "04…80"))
    #expect(String(decoding: masked, as: UTF8.self).contains("\"ID\":\"04\\u202680\""))
    let none = try #require(IskraText.metadata(identification: ""))
    #expect(String(decoding: none, as: UTF8.self).contains("\"IS\":false"))
  }

  static let statuses: [UInt16] = [
    128, 129, 130, 131, 132, 133, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
  ]

  @Test("Every error of the meter's signature is an answer, and the next request is taken", arguments: statuses)
  func statusErrors(status: UInt16) throws {
    let desk = try Desk()
    _ = desk.iskra { $0.fault = .status(status) }
    #expect(desk.sign(.transactionBegin) == .failed(number: 1, .refused))
    #expect(desk.bench.told.all.contains { $0.contains(IskraRegisters.statusText(status)) }, "\(desk.bench.told.all)")
    _ = desk.iskra { $0.fault = nil }
    let begin = try desk.signed(.transactionBegin, "NEXT")
    #expect(begin.signedData.contains("NEXT"))
  }

  @Test("A meter whose time was never set says so when the station does not know the time either")
  func noTime() throws {
    let desk = try Desk()
    #expect(desk.sign(.transactionBegin, unixSeconds: nil) == .failed(number: 1, .refused))
    #expect(desk.bench.told.all.contains { $0.contains("invalid time") }, "\(desk.bench.told.all)")
  }

  @Test("A session that was never begun cannot be ended")
  func endWithoutBegin() throws {
    let desk = try Desk()
    #expect(desk.sign(.transactionEnd) == .failed(number: 1, .refused))
  }

  @Test("A command that changes nothing is an answer, not a wait")
  func ignoredCommand() throws {
    let desk = try Desk()
    _ = desk.iskra { $0.fault = .ignoresCommands }
    #expect(desk.sign(.transactionBegin) == .failed(number: 1, .refused))
  }

  @Test("A lost answer to a command is no lost session", arguments: [ModbusSlave.Fault.checksum, .silent, .halfFrame])
  func lostAnswers(fault: ModbusSlave.Fault) throws {
    let desk = try Desk()
    let meter = desk.meter
    desk.ask(
      SignedReadingRequest(number: 90, context: .transactionBegin, identification: "X", unixSeconds: 1_790_000_000))
    // Every other answer is spoiled until it is done: commands, writes and readings alike.
    var answer: SignedReadingAnswer?
    var last: UInt64 = 0
    #expect(
      desk.wait {
        let requests = (desk.bench.front.withSlave(Self.number) { $0.requests }) ?? 0
        if requests >= last + 3 {
          last = requests
          desk.bench.front.withSlave(Self.number) { $0.set(fault, answers: 1) }
        }
        answer = meter.takeSignedReading()
        return answer != nil
      })
    guard case .signed(90, let reading)? = answer else {
      Issue.record("\(String(describing: answer)) \(desk.bench.told.all)")
      return
    }
    #expect(reading.importRegister == Energy(wattHours: 1_000))
    #expect(desk.iskra { $0.signedSets } == 1)
  }

  @Test("What is no DER signature stays what it was")
  func strangeSignatures() {
    for bytes: [UInt8] in [[], [0x30], [0x30, 0x03, 0x02, 0x01], [1, 2, 3], [0x30, 0x02, 0x03, 0x00]] {
      #expect(IskraText.canonicalSignature(bytes) == bytes)
    }
    #expect(
      IskraText.canonicalSignature([0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x00])
        == [0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x00])
  }
}
