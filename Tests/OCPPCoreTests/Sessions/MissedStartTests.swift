import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("What could not begin in its moment")
struct MissedStartTests {
  @Test("E01.FR.02: a vehicle that was plugged in during a fault has its transaction when the fault is gone")
  func faultAtPlugIn() {
    let bench = SessionBench([(.txStartPoint, "EVConnected")])
    bench.fault("meterSilent")
    bench.plugIn()
    bench.wait(5)
    #expect(bench.events.isEmpty)
    bench.fault("meterSilent", active: false)
    #expect(bench.story == ["Started/CablePluggedIn"])
    bench.plugOut()
    bench.wait(3)
    #expect(bench.last?.kind == .ended)
  }

  @Test("E01.FR.01: a bay that was entered while nothing could be stored has its transaction when it can")
  func bayWhileFull() {
    let bench = SessionBench([(.txStartPoint, "ParkingBayOccupancy")])
    bench.engine.canBeginTransaction = false
    bench.bay(true)
    bench.wait(3)
    #expect(bench.events.isEmpty)
    bench.engine.canBeginTransaction = true
    bench.wait(1)
    #expect(bench.story == ["Started/EVDetected"])
  }

  @Test("E01.FR.02: a vehicle that left again during the fault has none")
  func leftAgain() {
    let bench = SessionBench([(.txStartPoint, "EVConnected")])
    bench.fault("meterSilent")
    bench.plugIn()
    bench.plugOut()
    bench.fault("meterSilent", active: false)
    bench.wait(2)
    #expect(bench.events.isEmpty)
  }

  @Test(
    "No energy without a transaction: a driver is authorized, then nothing can be stored, then he plugs in",
    arguments: ["PowerPathClosed", "EVConnected", "Authorized", "EnergyTransfer"])
  func fullBetween(_ startPoint: String) throws {
    let bench = SessionBench([(.txStartPoint, startPoint), (.txStopPoint, "EVConnected,Authorized")])
    if startPoint == "Authorized" { bench.fault("meterSilent") }
    bench.tap("CARD", evses: [1])
    bench.engine.canBeginTransaction = false
    bench.plugIn()
    bench.wait(5)
    #expect(!bench.isGranted() && bench.register() == 5_000)
    bench.fault("meterSilent", active: false)
    bench.engine.canBeginTransaction = true
    bench.sessions.storeChanged()
    bench.settle()
    bench.wait(5)
    if startPoint == "Authorized" {
      #expect(bench.events.isEmpty && !bench.isGranted(), "he was turned away")
    } else {
      #expect(bench.isGranted())
      #expect(bench.events.filter { $0.kind == .started }.count == 1)
    }
  }

  @Test("A fault after the card and before the plug: no energy, and the transaction begins when the fault is gone")
  func faultBetween() {
    let bench = SessionBench()
    bench.tap("CARD", evses: [1])
    bench.fault("overTemperature")
    bench.plugIn()
    bench.wait(5)
    #expect(!bench.isGranted() && bench.events.isEmpty)
    bench.fault("overTemperature", active: false)
    #expect(bench.isGranted() && bench.story.first == "Started/CablePluggedIn")
  }

  @Test(
    "T-21: EVConnectionTimeOut ends a transaction that no bay can end, whatever is listed",
    arguments: ["ParkingBayOccupancy", "EVConnected", "Authorized", "EnergyTransfer"])
  func timeoutWithoutBay(_ stopPoint: String) {
    let bench = SessionBench([(.txStartPoint, "Authorized"), (.txStopPoint, stopPoint), (.evConnectionTimeOut, "20")])
    bench.tap("CARD", evses: [1])
    bench.wait(22)
    #expect(bench.story == ["Started/Authorized", "Ended/EVConnectTimeout"])
    #expect(!bench.disk.hasOpenTransactions)
  }

  @Test("A stop in the first moments after a restart, by card or by the CSMS, is done when the transaction has gone on")
  func stopWhileResuming() throws {
    for isRemote in [true, false] {
      let bench = SessionBench()
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(5)
      let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
      bench.metersAreSilent = true
      bench.kill()
      if isRemote { #expect(bench.remoteStop(id)?.status == .accepted) } else { bench.tap("CARD") }
      #expect(bench.engine.asked.isEmpty, "its own token is known")
      bench.metersAreSilent = false
      bench.wait(5)
      #expect(bench.story.last == (isRemote ? "Ended/RemoteStop" : "Ended/StopAuthorized"))
      #expect(bench.last?.stoppedReason == (isRemote ? .remote : .local))
    }
  }
}
