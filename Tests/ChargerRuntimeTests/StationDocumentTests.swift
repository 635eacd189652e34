import ChargerBase
import EVSEControl
import HAL
import OCPPCore
import OCPPJSON
import Testing

@testable import ChargerRuntime
@testable import Station

@Suite("What the station socket says of reasons and limits")
struct StationDocumentTests {
  @Test("Every blocker that a connector can have has a name of its own")
  func blockerNames() {
    let all = BlockerNames.all
    #expect(Set(all.map(\.name)).count == all.count)
    // One bit each, without a gap.
    #expect(all.reduce(into: UInt32(0)) { $0 |= $1.blocker.rawValue } == (1 << UInt32(all.count)) - 1)
    #expect(BlockerNames.names(of: [.paused, .noPermit]) == ["noPermit", "paused"])
  }

  @Test("A limit is told in the unit in which it was set, with what is left of its time")
  func limits() {
    let now = MonotonicInstant.zero + .seconds(10)
    #expect(
      LimitDocument.make(
        CurrentLimit(
          .external, owner: "ems", .total(Power(watts: 4_200)), phases: 1, expiry: now + .milliseconds(60_500)), at: now
      )
        == ["source": "external", "owner": "ems", "limitW": 4200, "phases": 1, "expiresInS": 60])
    #expect(
      LimitDocument.make(CurrentLimit(.hardware, .perPhase(Current(amperes: 32))), at: now)
        == ["source": "hardware", "owner": "", "limitA": 32, "phases": nil, "expiresInS": nil])
  }

  @Test("An explanation carries its numbers by name")
  func explanation() {
    var snapshot = ConnectorSnapshot(
      connector: ConnectorID(evse: EVSEID(1), number: 1), takenAt: .zero, pilotState: .b,
      pilotOutput: .steadyPositive, isOperative: true, contactorCommand: .open, contactorFeedback: .open, permit: nil,
      offeredCurrent: nil, limit: Current(amperes: 4), limitSource: .external, blockers: .limitBelowMinimum, faults: [],
      phase: .suspendedByStation)
    snapshot.details.limitOwner = "ems"
    let answer = EnergyExplanation(
      evse: EVSEID(1), connectors: [snapshot], context: ExplanationContext(now: .zero))
    let document = ExplainDocument.document(answer, at: .zero)
    #expect(document["connector"] == 1 && document["charging"] == false && document["current"]?.isNull == true)
    #expect(document["reasons"]?[0]?["code"] == "limitBelowMinimum")
    #expect(
      document["reasons"]?[0]?["values"] == ["limitA": 4, "source": "external", "owner": "ems", "neededA": 6])
  }

  @Test("The main meter is told with its last reading and how long it has been silent")
  func mainMeter() {
    let (since, now) = (MonotonicInstant.zero + .seconds(60), MonotonicInstant.zero + .seconds(100))
    let reading = MeterReading(
      takenAt: since, importRegister: Energy(wattHours: 1_500),
      power: PhaseValues(total: Power(watts: 1_200)),
      current: PhaseValues(l1: Current(amperes: 5), l2: nil, l3: Current(amperes: 6)))
    #expect(
      StatusDocument.mainMeter(MainMeterState(reading: reading, silentSince: since), at: now)
        == ["energyWh": 1500, "powerW": 1200, "currentA": [5, 6], "ageS": 40, "silentForS": 40])
    #expect(
      StatusDocument.mainMeter(MainMeterState(), at: now)
        == ["energyWh": nil, "powerW": nil, "currentA": [], "ageS": nil, "silentForS": nil])
  }

  @Test("The history is chosen by EVSE, time and number; a session of an unknown time is never left out by its time")
  func history() throws {
    func session(_ number: Int64, _ evse: Int32, _ ended: String?) -> FinishedSession {
      FinishedSession(
        number: number, transactionID: "T\(number)", evse: EVSEID(evse), startedAt: nil,
        endedAt: ended.flatMap { WallTime(rfc3339: $0) }, events: 2, report: .told)
    }
    let sessions = [
      session(1, 1, "2026-11-23T10:00:00Z"), session(2, 2, nil), session(3, 1, "2026-11-23T12:00:00Z"),
    ]
    func numbers(_ evse: Int32? = nil, _ since: String? = nil, _ limit: Int = 500) -> [Int64?] {
      let document = HistoryDocument.document(
        sessions, evse: evse, since: since.flatMap { WallTime(rfc3339: $0) }, limit: limit)
      return document["sessions"]?.array?.map { $0["number"]?.int64 } ?? []
    }
    #expect(numbers() == [1, 2, 3])
    #expect(numbers(1) == [1, 3])
    #expect(numbers(nil, "2026-11-23T11:00:00Z") == [2, 3])
    #expect(numbers(nil, nil, 1) == [3])
  }
}
