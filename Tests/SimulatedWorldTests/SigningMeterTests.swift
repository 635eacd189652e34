import ChargerBase
import OCPPJSON
import Testing

@testable import SimulatedWorld

@Suite("A meter that signs")
struct SigningMeterTests {
  private func request(
    _ number: UInt32, _ context: SignedReadingContext = .transactionBegin, in bench: inout WorldBench,
    unixSeconds: Int64? = 1_790_000_000
  ) -> Bool {
    bench.world.requestSignedReading(
      number: number, context: context, identification: "04…80", unixSeconds: unixSeconds, of: evse1)
  }

  private func payload(_ reading: WorldSignedReading) throws -> JSONValue {
    let parts = try #require(reading.content).signedData.split(separator: "|", maxSplits: 2).map(String.init)
    #expect(parts.first == "OCMF" && parts.count == 3)
    return try JSONValue(parsing: parts[1])
  }

  @Test("The answer comes after the meter's delay, once, with the register of that moment")
  func answer() throws {
    var bench = WorldBench(configuration: .equipped)
    try bench.world.perform(.setMeter(evse1, [.importRegister(Energy(milliwattHours: 1_234_567_891))]))
    #expect(request(7, in: &bench))
    bench.wait(.milliseconds(999))
    #expect(bench.world.takeSignedReading(of: evse1) == nil)
    bench.wait(.milliseconds(1))
    let answer = bench.world.takeSignedReading(of: evse1)
    let reading = try #require(answer)
    #expect(reading.number == 7)
    #expect(reading.content?.importRegister == Energy(milliwattHours: 1_234_567_891))
    #expect(reading.content?.encodingMethod == "OCMF")
    let text = try payload(reading)
    #expect(text["PG"]?.string == "T1" && text["ID"]?.string == "04…80" && text["IS"]?.bool == true)
    let row = try #require(text["RD"]?[0])
    #expect(row["RV"]?.decimal == Decimal(significand: 1_234_567_891, places: 6))
    #expect(row["RU"]?.string == "kWh" && row["TX"]?.string == "B" && row["ST"]?.string == "G")
    #expect(row["TM"]?.string == "2026-09-21T14:13:20,000+0000 S")
    #expect(bench.world.takeSignedReading(of: evse1) == nil)
  }

  @Test("The last set of a transaction holds its first reading and its last, and pages count on")
  func end() throws {
    var bench = WorldBench(configuration: .equipped)
    #expect(request(1, in: &bench))
    bench.wait(.seconds(1))
    _ = bench.world.takeSignedReading(of: evse1)
    bench.wait(.seconds(60))
    #expect(request(2, .transactionEnd, in: &bench, unixSeconds: nil))
    bench.wait(.seconds(1))
    let last = bench.world.takeSignedReading(of: evse1)
    let text = try payload(try #require(last))
    #expect(text["PG"]?.string == "T2")
    #expect(text["RD"]?.array?.compactMap { $0["TX"]?.string } == ["B", "E"])
    #expect(text["RD"]?[1]?["TM"]?.string?.hasSuffix(" U") == true, "a station that does not know the time says so")
  }

  @Test("One request at a time; a meter that does not sign takes none")
  func busy() {
    var bench = WorldBench(configuration: .equipped)
    #expect(request(1, in: &bench))
    #expect(!request(2, in: &bench))
    bench.wait(.seconds(1))
    #expect(bench.world.takeSignedReading(of: evse1)?.number == 1)
    #expect(request(3, in: &bench))
    var plain = WorldBench()
    #expect(!request(1, in: &plain))
  }

  @Test("A meter may be busy, slow, silent, or fail to sign")
  func faults() throws {
    func bench(_ fault: SimulatedFault) throws -> WorldBench {
      var bench = WorldBench(configuration: .equipped)
      try bench.world.perform(.fault(FaultPlace(evse: evse1), fault, active: true))
      return bench
    }
    var busy = try bench(.signingBusy)
    #expect(!request(1, in: &busy))
    var failing = try bench(.signingFailure)
    #expect(request(1, in: &failing))
    failing.wait(.seconds(1))
    #expect(failing.world.takeSignedReading(of: evse1) == WorldSignedReading(number: 1, content: nil))
    var slow = try bench(.signingSlow)
    #expect(request(1, in: &slow))
    slow.wait(.seconds(19))
    #expect(slow.world.takeSignedReading(of: evse1) == nil)
    slow.wait(.seconds(1))
    #expect(slow.world.takeSignedReading(of: evse1) != nil)
    var silent = try bench(.signingSilent)
    #expect(request(1, in: &silent))
    silent.wait(.seconds(600))
    #expect(silent.world.takeSignedReading(of: evse1) == nil)
    try silent.world.perform(.fault(FaultPlace(evse: evse1), .signingSilent, active: false))
    silent.wait(.seconds(600))
    _ = silent.world.takeSignedReading(of: evse1)
    #expect(request(2, in: &silent), "a repaired meter takes requests again")
    var gone = try bench(.meterSilent)
    #expect(!request(1, in: &gone))
  }
}
