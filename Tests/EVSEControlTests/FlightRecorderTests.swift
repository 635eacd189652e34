import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Flight recorder")
struct FlightRecorderTests {
  private let connector = ConnectorID(evse: EVSEID(1), number: 2)

  @Test("Records come back typed, in order and as text")
  func roundTrip() {
    let recorder = FlightRecorder(capacity: 16)
    let at = MonotonicInstant(nanoseconds: 5_000_000)
    recorder.note(.pilotState, connector, Int32(PilotState.b.rawValue), Int32(PilotState.c.rawValue), at: at)
    recorder.record(
      PilotOutput.pulseWidth(DutyCycle(hundredthsOfPercent: 2_666)), at: connector, at)
    recorder.record(.fault(connector, .contactorWelded, active: true, at: at))
    recorder.record(ControlCommand.limit(EVSEID(1), source: .external, Current(amperes: 10)), at: at)
    #expect(recorder.records().map(\.kind) == [.pilotState, .pilotOutput, .fault, .limit])
    #expect(
      recorder.records().map(\.description) == [
        "#1 5 ms EVSE 1 connector 2: pilot state b to c",
        "#2 5 ms EVSE 1 connector 2: pilot offers with a duty cycle of 26.66 %",
        "#3 5 ms EVSE 1 connector 2: fault contactorWelded began",
        "#4 5 ms EVSE 1: limit external 10 A",
      ])
  }

  @Test("The ring keeps the newest and counts all")
  func overwrites() {
    let recorder = FlightRecorder(capacity: 8)
    for number in Int32(1)...100 { recorder.note(.phase, connector, number, at: .zero) }
    #expect(recorder.count == 100)
    #expect(recorder.records().map(\.first) == Array(93...100))
    #expect(recorder.records().map(\.sequence) == Array(93...100))
  }

  @Test("A recording is read without being changed: whole entries, what is not whole, what is missing; nothing else's")
  func recording() throws {
    let region = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 + 8 * 32, alignment: 8)
    defer { region.deallocate() }
    region.initializeMemory(as: UInt8.self, repeating: 0)
    #expect(FlightRecording(UnsafeRawBufferPointer(region)) == nil)
    let recorder = try #require(FlightRecorder(region: region))
    for number in Int32(1)...12 { recorder.note(.phase, connector, number, at: .zero) }
    // Places 0…3 hold the entries 9…12, places 4…7 the entries 5…8.
    region[64 + 5 * 32 + 12] ^= 1
    let before = Array(region)
    let recording = try #require(FlightRecording(UnsafeRawBufferPointer(region)))
    #expect(recording.records.map(\.first) == [5, 7, 8, 9, 10, 11, 12])
    #expect(recording.unreadable == 1)
    #expect(recording.gaps == 1)
    #expect(Array(region) == before)
    #expect(recording.records.last?.sentence == "EVSE 1 connector 2: phase 12")
    #expect(FlightRecording(UnsafeRawBufferPointer(rebasing: region[..<80])) == nil, "too short for an entry")
  }

  @Test("A region that survived the program is continued; a damaged record is left out, a foreign region is cleared")
  func survives() throws {
    let region = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 + 8 * 32 + 5, alignment: 8)
    defer { region.deallocate() }
    region.initializeMemory(as: UInt8.self, repeating: 0xA5)
    let first = try #require(FlightRecorder(region: region))
    #expect(first.records().isEmpty)
    for number in Int32(1)...10 { first.note(.phase, connector, number, at: .zero) }
    region[64 + 2 * 32 + 24] ^= 1
    let second = try #require(FlightRecorder(region: region))
    #expect(second.records().map(\.first) == [3, 4, 5, 6, 7, 8, 9, 10].filter { $0 != 3 })
    second.note(.started, at: .zero)
    #expect(second.records().last?.sequence == 11)
    #expect(FlightRecorder(region: UnsafeMutableRawBufferPointer(rebasing: region[0..<90])) == nil)
  }

  @Test("Every kind has a text")
  func texts() {
    for kind in FlightRecord.Kind.allCases {
      let record = FlightRecord(at: .zero, kind: kind, connector: FlightRecord.station, first: 200, second: 200)
      #expect(!record.description.isEmpty)
    }
  }
}
