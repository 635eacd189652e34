import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("The offer never exceeds the smallest limit, whatever its source (DESIGN §5)")
struct SafetyLimitTests {
  /// A limit that falls while a vehicle charges under an offer of 32 A.
  struct Row: Sendable, CustomTestStringConvertible {
    let source: LimitSource
    let amperes: Int64
    /// How long the source's own filter takes before the limit is known.
    var filter = "pilotFilter"
    let lower: @Sendable (Bench) -> Void

    var testDescription: String { "\(source)" }
  }

  static let rows: [Row] = [
    Row(source: .cable, amperes: 20, filter: "proximityFilter", lower: { $0.plug(ohms: 680) }),
    Row(source: .temperature, amperes: 14, lower: { $0.heat(75) }),
    Row(source: .chargingProfile, amperes: 10, lower: { $0.limit(10, source: .chargingProfile) }),
    Row(source: .external, amperes: 10, lower: { $0.limit(10, source: .external) }),
    Row(source: .installer, amperes: 10, lower: { $0.limit(10, source: .installer) }),
    Row(source: .evse, amperes: 10, lower: { $0.limit(10, source: .evse) }),
    Row(
      source: .external, amperes: 7,
      lower: {
        // 5,000 W on three phases at 230 V are 7.2 A each.
        let limit = CurrentLimit(.external, owner: "grid", .total(Power(watts: 5_000)))
        $0.feed(.command(.setLimit(EVSEID(1), limit)))
      }),
    Row(
      source: .supply, amperes: 10,
      lower: { $0.feed(.command(.setLimit(.station, CurrentLimit(.external, .perPhase(Current(amperes: 20)))))) }),
  ]

  @Test(
    "lowerOfferAfterLimit: a lower limit is on the pilot in the call that tells it, its source is named, nothing opens",
    arguments: rows)
  func lowers(row: Row) {
    let bench = SafetyStation.charging()
    bench.drawn = [Current(amperes: 6), Current(amperes: 6)]
    let began = bench.now
    row.lower(bench)
    bench.run(for: TimingTable()[row.filter])
    let snapshot = bench.snapshot()
    #expect(snapshot.offeredCurrent.map { $0 <= Current(amperes: row.amperes + 1) } == true)
    #expect(snapshot.offeredCurrent.map { $0 > Current(amperes: row.amperes - 1) } == true)
    #expect(snapshot.offeredCurrent.map { $0 <= snapshot.limit } == true)
    #expect(snapshot.limitSource == row.source)
    #expect(bench.pilots.first.map { $0.at <= began + TimingTable().lowerOfferAfterLimit } == true)
    bench.run(for: .milliseconds(500))
    #expect(bench.contactors.isEmpty)
  }

  @Test("A limit with an expiry lapses by itself, and the offer rises again")
  func expires() {
    let bench = SafetyStation.charging()
    let expiry = bench.now + .seconds(30)
    let limit = CurrentLimit(.external, owner: "grid", .perPhase(Current(amperes: 8)), expiry: expiry)
    bench.feed(.command(.setLimit(EVSEID(1), limit)))
    bench.drawn = [Current(amperes: 6), Current(amperes: 6)]
    bench.runJustBefore(expiry)
    #expect(bench.snapshot().offeredCurrent.map { $0 <= Current(amperes: 8) } == true)
    bench.run(for: .seconds(2))
    #expect(bench.snapshot().offeredCurrent.map { $0 > Current(amperes: 31) } == true)
    #expect(bench.contactors.isEmpty)
  }

  @Test("No command raises what the hardware, the installer or the cable allows")
  func neverRaised() {
    let bench = SafetyStation.charging()
    for source in [LimitSource.hardware, .installer, .cable, .board, .evse, .supply, .temperature, .vehicle] {
      bench.limit(80, source: source)
      bench.run(for: .seconds(3))
    }
    #expect(bench.snapshot().offeredCurrent.map { $0 <= Current(amperes: 32) } == true)
    #expect(bench.pilots.isEmpty)
  }

  @Test("A simplified vehicle, which goes from A to C at once, is offered 10 A at most")
  func simplified() {
    let bench = SafetyStation.idle()
    bench.plug(ohms: 220)
    bench.run(for: .seconds(1))
    bench.grant()
    bench.vehicle(6)
    bench.grant()
    bench.run(for: .seconds(20))
    #expect(bench.isClosed())
    #expect(bench.snapshot().offeredCurrent.map { $0 <= Current(amperes: 10) } == true)
    #expect(bench.snapshot().limitSource == .vehicle)
  }
}
