import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Readings that a transaction keeps for its Ended event")
struct EndedReadingsTests {
  private func reading(
    _ second: Int64, _ context: ReadingContext = .samplePeriodic, values: Int = 1, signed: Bool = false
  ) -> MeterReadingRecord {
    let time = EventTime(boot: BootNumber(rawValue: 1), instant: .zero + .seconds(second), wall: nil)
    var record = MeterReadingRecord(
      time: time, context: context,
      values: Array(
        repeating: MeasuredValue(measurand: .energyActiveImportRegister, value: Decimal(second)), count: values))
    if signed {
      record.signed = SignedMeterData(
        signedData: "OCMF|{}|{}", encodingMethod: "OCMF", signingMethod: "ECDSA", publicKey: "3059")
    }
    return record
  }

  private func seconds(_ readings: [MeterReadingRecord]) -> [Int64] {
    readings.map { $0.time.instant.nanoseconds / 1_000_000_000 }
  }

  @Test(
    "E06.FR.13, E07.FR.10, E08.FR.11, E09.FR.07, E10.FR.06, E12.FR.09, E15.FR.03, T-13: when there are too many, the first, third and fifth between go, never a whole end"
  )
  func thinning() {
    var kept = EndedReadings()
    for second in 0..<Int64(EndedReadings.maximum) { #expect(kept.keep(reading(second)).dropped.isEmpty) }
    let (item, dropped) = kept.keep(reading(Int64(EndedReadings.maximum)))
    #expect(dropped == (0..<Int32(EndedReadings.maximum)).filter { $0 % 2 == 0 })
    #expect(seconds(kept.readings) == (0..<Int64(EndedReadings.maximum)).filter { $0 % 2 == 1 })
    #expect(item == nil, "its turn comes with the next")
    #expect(kept.keep(reading(Int64(EndedReadings.maximum) + 1)).item?.number == Int32(EndedReadings.maximum))
  }

  @Test("However long a transaction is, what is kept is evenly spread over all of it", arguments: [false, true])
  func evenness(restarts: Bool) {
    var kept = EndedReadings()
    for second in 0..<Int64(10_000) {
      _ = kept.keep(reading(second))
      #expect(kept.items.count <= EndedReadings.maximum)
      guard restarts, second % 997 == 0 else { continue }
      var restored = EndedReadings()
      for item in kept.items { restored.restore(item) }
      kept = restored
    }
    let told = seconds(kept.readings)
    #expect(told.count > EndedReadings.maximum / 3)
    let gaps = zip(told, told.dropFirst()).map { $1 - $0 }
    // A restart may shift the series by what came since the last that was kept.
    #expect(restarts ? gaps.allSatisfy { $0 <= 128 } : Set(gaps).count == 1)
    #expect((told.first ?? .max) < 200 && (told.last ?? 0) > 9_800)
  }

  @Test("Sampled and clock-aligned series are thinned each for itself")
  func thinningOfTwoKinds() {
    var kept = EndedReadings()
    for second in 0..<Int64(EndedReadings.maximum) {
      _ = kept.keep(reading(second, second % 4 == 0 ? .sampleClock : .samplePeriodic))
    }
    _ = kept.keep(reading(1_000))
    _ = kept.keep(reading(1_001))
    let aligned = kept.readings.filter { $0.context == .sampleClock }
    #expect(aligned.count == EndedReadings.maximum / 8)
    #expect(zip(aligned, aligned.dropFirst()).allSatisfy { ($1.time.instant - $0.time.instant) == .seconds(8) })
  }

  @Test(
    "J02.FR.20, T-13: what is too much for one message loses its second, fourth … sample, and nothing that is billed")
  func fitting() {
    let readings =
      [reading(0, .transactionBegin, signed: true)] + (1...100).map { reading($0, values: 14) }
      + [reading(101, .transactionEnd, signed: true)]
    #expect(EndedReadings.fitting(readings, bytes: 1_000_000) == readings)
    let fitting = EndedReadings.fitting(readings, bytes: 200_000)
    #expect(seconds(fitting) == [0] + (1...100).filter { $0 % 2 == 0 } + [101])
    let tight = EndedReadings.fitting(readings, bytes: 1)
    #expect(seconds(tight) == [0, 101], "no number of bytes is small enough to lose begin or end")
    #expect(tight.allSatisfy { $0.signed != nil })
  }

  @Test("A stored reading is read as it was written, and cut bytes hold none or a shorter one")
  func document() throws {
    var kept = EndedReadings()
    _ = kept.keep(reading(1))
    let item = try #require(kept.keep(reading(7, .sampleClock, values: 3, signed: true)).item)
    let bytes = item.document(transactionID: "T1", evse: EVSEID(2))
    let read = EndedReadings.Item.read(document: bytes)
    #expect(read?.transactionID == "T1" && read?.evse == EVSEID(2) && read?.item == item)
    for length in 0..<bytes.count { _ = EndedReadings.Item.read(document: Array(bytes.prefix(length))) }
  }

  @Test("Readings that are taken up again come in their old order, once, and new ones get new numbers")
  func restoring() {
    var kept = EndedReadings()
    let items = (0..<5).compactMap { kept.keep(reading($0)).item }
    var restored = EndedReadings()
    for item in items.reversed() + items { restored.restore(item) }
    #expect(restored.readings == kept.readings)
    #expect(restored.keep(reading(9)).item?.number == 5)
  }
}
