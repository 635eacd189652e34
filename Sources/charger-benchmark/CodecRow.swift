import CAllocationCounter
import CLinux
import Glibc
import ChargerBase
import OCPPJSON
import OCPPTypes

/// Row h: writing a TransactionEvent of about 1.6 kB, reading a SetChargingProfile. In this process; instructions by
/// running this program again under valgrind with few rounds and with many, allocations by the program's own counter.
enum CodecRow {
  /// What the inner runs do.
  enum Work: String, CaseIterable { case encode, decode }

  static func run(_ work: Work, rounds: Int) -> Int {
    var total = 0
    switch work {
    case .encode:
      let event = sampleEvent()
      for _ in 0..<rounds { total &+= event.encode(version: .v201).count }
    case .decode:
      let bytes = sampleProfile()
      for _ in 0..<rounds {
        guard let request = try? SetChargingProfileRequest.decode(bytes[...], version: .v201) else { return -1 }
        total &+= Int(request.evseId)
      }
    }
    return total
  }

  static func measure(isQuick: Bool, into report: inout BenchmarkReport) throws {
    let rounds = isQuick ? 5_000 : 50_000
    var times: [Work: Double] = [:]
    for work in Work.allCases {
      _ = run(work, rounds: 200)
      let begin = linux_boottime_ns()
      guard run(work, rounds: rounds) > 0 else { throw BenchmarkFailure(description: "\(work) does not work") }
      times[work] = Double(linux_boottime_ns() - begin) / Double(rounds)
    }
    let eventBytes = sampleEvent().encode(version: .v201).count
    let profileBytes = sampleProfile().count
    var encode = (instructions: 0.0, mallocs: 0.0)
    var decode = (instructions: 0.0, mallocs: 0.0)
    if Callgrind.isInstalled {
      encode = try valgrind(.encode)
      decode = try valgrind(.decode)
    }
    report.add(
      BenchmarkRow(
        number: "h", measurement: "TransactionEvent \(eventBytes) bytes, encode",
        figure:
          "\(Figure.microseconds(times[.encode] ?? 0)), \(Figure.instructions(encode.instructions)), \(Figure.fixed(encode.mallocs, 1)) mallocs",
        goal: "≤ 45 k instr., ≤ 3 mallocs", isMet: encode.instructions <= 45_000 && encode.mallocs <= 3.05,
        isBinding: true,
        values: [
          ("nanoseconds", times[.encode] ?? 0), ("instructions", encode.instructions), ("mallocs", encode.mallocs),
        ]))
    let perByte = decode.instructions / Double(max(1, profileBytes))
    report.add(
      BenchmarkRow(
        number: "h", measurement: "SetChargingProfile \(profileBytes) bytes, decode",
        figure:
          "\(Figure.microseconds(times[.decode] ?? 0)), \(Figure.fixed(perByte, 1)) instr. a byte, \(Figure.fixed(decode.mallocs, 1)) mallocs",
        goal: "≤ 70 instr. a byte, ≤ 10 mallocs", isMet: perByte <= 70 && decode.mallocs <= 10.05, isBinding: true,
        values: [("nanoseconds", times[.decode] ?? 0), ("instructionsPerByte", perByte), ("mallocs", decode.mallocs)]))
  }

  private static func valgrind(_ work: Work) throws -> (instructions: Double, mallocs: Double) {
    let scratch = try ScratchFolder()
    let program = scratch.path + "/charger-benchmark"
    let strip = try ChildProcess(
      "strip", ["-s", "-o", program, BenchmarkPlaces.ownPath], logPath: scratch.path + "/strip.log")
    while strip.isRunning { usleep(1_000) }
    func counted(_ rounds: Int) throws -> (Double, Double) {
      let out = "\(scratch.path)/callgrind-\(rounds)"
      let grind = try ChildProcess(
        "valgrind",
        [
          "--tool=callgrind", "--callgrind-out-file=\(out)", program, "--inner", work.rawValue, "--rounds", "\(rounds)",
        ],
        logPath: scratch.path + "/log")
      while grind.isRunning { usleep(5_000) }
      let totals = (Files.read(out, limit: 64 * 1024 * 1024) ?? "").split(separator: "\n").last {
        $0.hasPrefix("totals:")
      }
      let instructions = totals?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
      let before = allocation_count()
      _ = run(work, rounds: rounds)
      let mallocs = Double(allocation_count() - before)
      return (instructions, mallocs)
    }
    let few = try counted(100)
    let many = try counted(600)
    return ((many.0 - few.0) / 500, (many.1 - few.1) / 500)
  }

  private static func sampleEvent() -> TransactionEventRequest {
    let measurands: [(Measurand, Phase?)] = [
      (.energyActiveImportRegister, nil), (.powerActiveImport, nil), (.currentImport, .l1), (.currentImport, .l2),
      (.currentImport, .l3), (.voltage, .l1N), (.voltage, .l2N), (.voltage, .l3N),
    ]
    let samples = measurands.enumerated().map { index, item in
      SampledValue(
        value: Decimal(thousandths: 12_345_678 + Int64(index) * 1_001), context: .samplePeriodic, measurand: item.0,
        phase: item.1, location: .outlet, unitOfMeasure: UnitOfMeasure(unit: "Wh", multiplier: 0))
    }
    return TransactionEventRequest(
      eventType: .updated, timestamp: WallTime(millisecondsSinceEpoch: 1_795_000_000_123),
      triggerReason: .meterValuePeriodic,
      seqNo: 42,
      transactionInfo: Transaction(transactionId: "6f1c1e7e-8f6b-4a5a-9d0e-0123456789ab", chargingState: .charging),
      meterValue: [MeterValue(sampledValue: samples, timestamp: WallTime(millisecondsSinceEpoch: 1_795_000_000_000))],
      evse: EVSE(id: 1, connectorId: 1), idToken: IdToken(idToken: "04A1B2C3D4E580", type: .iso14443))
  }

  private static func sampleProfile() -> [UInt8] {
    let periods = (0..<24).map { "{\"startPeriod\":\($0 * 3_600),\"limit\":\(6 + $0 % 26).5,\"numberPhases\":3}" }
    let text =
      #"{"evseId":1,"chargingProfile":{"id":7,"stackLevel":1,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Absolute","chargingSchedule":[{"id":1,"startSchedule":"2026-11-23T00:00:00Z","duration":86400,"chargingRateUnit":"A","chargingSchedulePeriod":[\#(periods.joined(separator: ","))]}]}}"#
    return Array(text.utf8)
  }
}
