import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("The start button")
struct StartButtonTests {
  private let anybody = (StationVariable.startButtonAuthorizes, "true")

  @Test(
    "C02.FR.01: started by the button, the event carries NoAuthorization with an empty text, and nobody is asked",
    arguments: ["PowerPathClosed", "Authorized", "EVConnected", "EnergyTransfer"])
  func starts(_ startPoint: String) throws {
    let bench = SessionBench([anybody, (.txStartPoint, startPoint)])
    bench.plugIn()
    bench.pressStart()
    bench.wait(4)
    let told = bench.events.compactMap { $0.token }
    #expect(told == [IdToken(idToken: "", type: .noAuthorization)], "told once")
    #expect(bench.engine.asked.isEmpty)
    #expect(bench.isGranted() && bench.events.filter { $0.kind == .started }.count == 1)
    bench.pressStart()
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized" && bench.last?.stoppedReason == .local)
    #expect(!bench.isGranted())
    bench.pressStart()
    #expect(bench.isGranted(), "the same vehicle may go on, in a transaction of its own")
    #expect(bench.events.filter { $0.kind == .started }.count == 2)
  }

  @Test("C02.FR.01: pressed before the plug; the press is good for EVConnectionTimeOut, and survives a power cut")
  func pressedFirst() {
    let bench = SessionBench([anybody])
    bench.pressStart()
    #expect(bench.engine.lastShown(at: 1) == .plugIn)
    bench.wait(10)
    bench.kill()
    bench.plugIn()
    #expect(bench.isGranted() && bench.events.first?.token?.type == .noAuthorization)

    let late = SessionBench([anybody])
    late.pressStart()
    late.wait(61)
    late.plugIn()
    #expect(late.events.isEmpty && !late.isGranted())
  }

  @Test("C02.FR.03: what the CSMS says of NoAuthorization is not kept")
  func isNotCached() throws {
    let bench = SessionBench([anybody])
    bench.plugIn()
    bench.pressStart()
    let started = try #require(bench.events.first)
    let group = IdToken(idToken: "FLEET", type: .central)
    bench.csmsAnswers(started, IdTokenInfo(status: .accepted, groupIdToken: group))
    bench.csmsAnswers(started, IdTokenInfo(status: .accepted, groupIdToken: group))
    #expect(bench.disk.tokens.cache.isEmpty)
    #expect(bench.isGranted())
  }

  @Test("The CSMS refuses NoAuthorization: the session ends as any other (E05.FR.10)")
  func isRefused() throws {
    let bench = SessionBench([anybody])
    bench.plugIn()
    bench.pressStart()
    bench.wait(3)
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .invalid))
    bench.wait(3)
    #expect(bench.story.last == "Ended/Deauthorized")
  }

  @Test("By default a button beside a reader gives nothing away: it asks for a token")
  func authorizesNobody() {
    let bench = SessionBench()
    bench.plugIn()
    bench.pressStart()
    #expect(bench.events.isEmpty && !bench.isGranted())
    #expect(bench.engine.lastShown(at: 1) == .presentToken)
  }

  @Test("AuthCtrlr.Enabled false: the button stops what nobody was asked for, and a card is told without a question")
  func withoutAuthorization() {
    let bench = SessionBench([(.authorizationEnabled, "false")])
    bench.plugIn()
    bench.wait(5)
    bench.pressStart()
    bench.wait(3)
    #expect(bench.story.last == "Ended/StopAuthorized" && !bench.isGranted())
    bench.plugOut()
    bench.tap("CARD")
    bench.plugIn()
    #expect(bench.engine.asked.isEmpty)
    #expect(bench.events.last { $0.token != nil }?.token?.idToken == "CARD")
  }

  @Test("An impatient finger does not stop what it has just started; nobody's button stops a card's session")
  func isNoStopOfOthers() {
    let bench = SessionBench([anybody])
    bench.plugIn()
    for _ in 0..<3 {
      bench.pressStart()
      bench.wait(1)
    }
    #expect(bench.isGranted())
    let other = SessionBench([anybody])
    other.plugIn()
    other.tap("CARD")
    other.wait(10)
    other.pressStart()
    other.wait(3)
    #expect(other.isGranted())
  }

  @Test("Nothing starts by the button at an EVSE that is faulted, kept for a remote start, or that cannot store")
  func refuses() {
    let bench = SessionBench([anybody])
    bench.plugIn()
    bench.fault("groundFault")
    bench.pressStart()
    #expect(bench.events.isEmpty)
    bench.fault("groundFault", active: false)
    bench.engine.canBeginTransaction = false
    bench.pressStart()
    #expect(bench.events.isEmpty && !bench.isGranted())
  }
}
