import ChargerBase
import Testing

@Suite("Stored records")
struct RecordTests {
  private func fields(_ bytes: [UInt8]) throws -> [(UInt32, RecordReader.Value)] {
    var reader = RecordReader(bytes)
    var result: [(UInt32, RecordReader.Value)] = []
    while let field = try reader.next() { result.append((field.field, field.value)) }
    return result
  }

  @Test("Every kind of value comes back as it was written")
  func roundTrip() throws {
    let decimal = try #require(Decimal("-12.345"))
    let wall = WallTime(millisecondsSinceEpoch: 1_795_426_200_125)
    let event = EventTime(
      boot: BootNumber(rawValue: 3), instant: MonotonicInstant(nanoseconds: 77), wall: nil)
    var writer = RecordWriter()
    writer.write(Int64.min, field: 1)
    writer.write(Int64.max, field: 2)
    writer.write(true, field: 3)
    writer.write("Ladesäule", field: 4)
    writer.write([UInt8](repeating: 7, count: 300), field: 5)
    writer.write(decimal, field: 6)
    writer.write(wall, field: 7)
    writer.write(event, field: 8)
    writer.write(field: 500) { $0.write(Int64(-1), field: 1) }
    let read = try fields(writer.bytes)
    #expect(read.map(\.0) == [1, 2, 3, 4, 5, 6, 7, 8, 500])
    #expect(read[0].1.integer == .min)
    #expect(read[1].1.integer == .max)
    #expect(read[2].1.bool == true)
    #expect(read[3].1.string == "Ladesäule")
    #expect(read[4].1.data?.count == 300)
    #expect(read[5].1.decimal == decimal)
    #expect(read[6].1.wallTime == wall)
    #expect(read[7].1.eventTime == event)
    let nested = try fields(Array(read[8].1.data ?? []))
    #expect(nested.first?.1.integer == -1)
  }

  @Test("A field without a value is not written")
  func absent() {
    var writer = RecordWriter()
    writer.write(nil as Int64?, field: 1)
    writer.write(nil as String?, field: 2)
    writer.write(nil as Decimal?, field: 3)
    writer.write(nil as EventTime?, field: 4)
    #expect(writer.bytes.isEmpty)
  }

  @Test("A value of another kind than expected is no value")
  func otherKind() throws {
    var writer = RecordWriter()
    writer.write("text", field: 1)
    writer.write(Int64.max, field: 2)
    let read = try fields(writer.bytes)
    #expect(read[0].1.integer == nil && read[0].1.wallTime == nil)
    #expect(read[1].1.string == nil && read[1].1.decimal == nil)
    #expect(read[1].1.int32 == nil)
  }

  @Test("Cut at any byte a record is read up to there or refused, never more")
  func truncation() throws {
    var writer = RecordWriter()
    writer.write("a long enough text", field: 1)
    writer.write(Int64(1_000_000), field: 2)
    writer.write([1, 2, 3] as [UInt8], field: 20)
    let whole = try fields(writer.bytes)
    for count in 0..<writer.bytes.count {
      var reader = RecordReader(Array(writer.bytes.prefix(count)))
      var read = 0
      do throws(RecordError) {
        while let field = try reader.next() {
          #expect(field.value == whole[read].1)
          read += 1
        }
      } catch {
        guard case .truncated = error else {
          Issue.record("\(error)")
          return
        }
      }
      #expect(read < whole.count)
    }
  }

  @Test("Bytes of chance are read or refused, never trapped on")
  func noise() {
    var random = SeededRandom(seed: 3)
    for _ in 0..<3_000 {
      let bytes = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var reader = RecordReader(bytes)
      while let field = try? reader.next() {
        _ = (field.value.integer, field.value.string, field.value.decimal, field.value.eventTime, field.value.wallTime)
      }
    }
  }

  @Test("A length beyond the record is refused")
  func hostileLength() {
    let bytes: [UInt8] = [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01]
    var reader = RecordReader(bytes)
    #expect(throws: RecordError.self) { try reader.next() }
    var wrongType = RecordReader([0x0D, 0, 0, 0, 0])
    #expect(throws: RecordError.unknownWireType(5, offset: 0)) { try wrongType.next() }
  }
}
