import ChargerBase
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("What becomes of a session when the program dies")
struct SessionResumeTests {
  @Test("A killed program goes on with the transaction: next number, true energy, told as an interruption")
  func goesOn() throws {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(30)
    let id = try #require(bench.sessions.transactionID(at: EVSEID(1)))
    bench.kill()
    #expect(bench.sessions.transactionID(at: EVSEID(1)) == id)
    #expect(bench.engine.actions.contains(.grant(bench.connector(1), .resumedTransaction, nil)))
    bench.wait(30)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.events.map { $0.seqNo } == Array(0..<Int32(bench.events.count)))
    #expect(Set(bench.events.map { $0.transactionID }) == [id])
    let resumed = try #require(bench.events.first { $0.chargingState == .suspendedEVSE })
    #expect(resumed.trigger == .chargingStateChanged)
    #expect(resumed.readings.first?.context == .interruptionEnd)
    #expect(bench.story.last == "Ended/StopAuthorized")
    #expect(bench.last?.readings.first?.energyImport == 5_000)
    #expect(bench.last?.readings.last?.energyImport == bench.register())
    #expect(bench.engine.asked.isEmpty, "the token that started can stop (C01.FR.03)")
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var reason: BootReason
    var isVehicleThere: Bool
    var trigger: TriggerReason?
    var stopReason: StopReason?
    var testDescription: String { "\(reason), vehicle \(isVehicleThere ? "there" : "gone")" }
  }

  @Test(
    "The resume table, row by row",
    arguments: [
      Row(reason: .powerUp, isVehicleThere: true), Row(reason: .watchdog, isVehicleThere: true),
      Row(reason: .unknown, isVehicleThere: true), Row(reason: .applicationReset, isVehicleThere: true),
      Row(reason: .remoteReset, isVehicleThere: true),
      Row(reason: .powerUp, isVehicleThere: false, trigger: .evCommunicationLost, stopReason: .powerLoss),
      Row(reason: .watchdog, isVehicleThere: false, trigger: .evCommunicationLost, stopReason: .reboot),
      Row(reason: .unknown, isVehicleThere: false, trigger: .evCommunicationLost, stopReason: .reboot),
      Row(reason: .applicationReset, isVehicleThere: false, trigger: .evCommunicationLost, stopReason: .reboot),
      Row(reason: .localReset, isVehicleThere: false, trigger: .evCommunicationLost, stopReason: .evDisconnected),
    ])
  func table(_ row: Row) {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    bench.kill(reason: row.reason) { bench.places[0].isConnected = row.isVehicleThere }
    bench.wait(2)
    if row.trigger == nil {
      #expect(bench.last?.kind == .updated && bench.isGranted())
    } else {
      #expect(bench.last?.kind == .ended)
      #expect(bench.last?.trigger == row.trigger)
      #expect(bench.last?.stoppedReason == row.stopReason)
      #expect(bench.last?.readings.last?.energyImport == bench.register())
      #expect(!bench.disk.hasOpenTransactions)
      bench.plugIn()
      #expect(!bench.isGranted(), "another vehicle needs its own driver")
    }
  }

  @Test("A meter that comes back behind the stored register ends the transaction with the last register that was seen")
  func meterBehind() {
    let bench = SessionBench([(.sampledTxUpdatedInterval, "5")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    let last = bench.register()
    bench.kill { bench.places[0].register = 1_000 }
    bench.wait(2)
    #expect(bench.story.last == "Ended/AbnormalCondition")
    #expect(bench.last?.stoppedReason == .other)
    #expect(bench.last?.readings.last?.energyImport == last)
    #expect(!bench.isGranted())
  }

  @Test("A silent meter is waited for ten seconds; then the transaction goes on")
  func silentMeter() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    bench.metersAreSilent = true
    bench.kill()
    bench.wait(8)
    #expect(!bench.isGranted())
    bench.wait(3)
    #expect(bench.isGranted())
  }

  @Test("A stop that was asked for before the kill is carried out after it")
  func stopSurvives() {
    let bench = SessionBench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    bench.metersAreSilent = true
    bench.wait(1)
    bench.tap("CARD")
    #expect(bench.last?.kind == .updated, "the last reading is awaited")
    bench.metersAreSilent = false
    bench.kill()
    bench.wait(2)
    #expect(bench.story.last == "Ended/StopAuthorized")
    #expect(bench.last?.token?.idToken == "CARD")
    #expect(bench.last?.readings.last?.energyImport == bench.register())
    #expect(!bench.isGranted())
  }

  @Test("E05.FR.02 A refused token stays refused over a restart")
  func refusalSurvives() throws {
    let bench = SessionBench([(.stopTxOnInvalidId, "false")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(5)
    bench.csmsAnswers(try #require(bench.events.first), IdTokenInfo(status: .invalid))
    bench.kill()
    bench.wait(5)
    #expect(!bench.isGranted())
    #expect(bench.last?.kind == .updated)
  }

  @Test("A store document that cannot be read loses no more than its own transaction")
  func unreadableDocument() {
    let bench = SessionBench(evseCount: 2)
    for evse: Int32 in [1, 2] {
      bench.plugIn(evse)
      bench.tap("CARD\(evse)")
    }
    bench.wait(5)
    bench.kill {
      let place = bench.disk.documents.firstIndex { $0.kind == .transaction } ?? 0
      bench.disk.documents[place].body = [0xFF, 0xFF]
    }
    bench.wait(5)
    #expect([1, 2].filter { bench.sessions.transactionID(at: EVSEID($0)) != nil }.count == 1)
    #expect(bench.engine.notes.contains { $0.contains("could not be read") })
  }

  /// Every place in one session at which the program can die: before and after each commit.
  @Test(
    "kill -9 before and after every commit of a session: each number once, gapless, the energy right",
    arguments: ["PowerPathClosed", "EVConnected", "Authorized", "EnergyTransfer"], [BootReason.unknown, .powerUp])
  func killAtEveryCommit(_ startPoint: String, _ reason: BootReason) {
    var commit = 1
    while true {
      for isAfter in [false, true] {
        let bench = SessionBench([(.txStartPoint, startPoint), (.sampledTxUpdatedInterval, "10")])
        let hasDied = KillingStory(bench: bench, commit: commit, isAfter: isAfter, reason: reason).play()
        if !hasDied { return }
        SessionJudge.judge(bench, "\(startPoint), \(isAfter ? "after" : "before") commit \(commit)")
      }
      commit += 1
      #expect(commit < 60, "the story ends")
      if commit >= 60 { return }
    }
  }
}

/// Plug in, card, charge, pause, card, unplug, with a death at one commit; what a person would do again is done again.
private struct KillingStory {
  let bench: SessionBench
  let commit: Int
  let isAfter: Bool
  let reason: BootReason

  /// False when the story had no such commit.
  func play() -> Bool {
    var remaining = commit
    var hasDied = false
    func step(_ body: () -> Void) {
      guard !hasDied else { return body() }
      bench.engine.holdsCommits = true
      body()
      while bench.engine.hasWaitingCommits {
        remaining -= 1
        if remaining == 0 {
          if isAfter { bench.engine.commitNext() }
          hasDied = true
          bench.kill(reason: reason)
          return
        }
        bench.engine.commitNext()
        bench.settle()
      }
    }
    step { bench.plugIn() }
    step { bench.tap("CARD") }
    for _ in 0..<25 { step { bench.wait(1) } }
    if !bench.isGranted() { bench.tap("CARD") }  // died before anything was durable: the driver taps again
    step { bench.vehicle(wantsEnergy: false) }
    for _ in 0..<3 { step { bench.wait(1) } }
    step { bench.vehicle(wantsEnergy: true) }
    for _ in 0..<5 { step { bench.wait(1) } }
    step { bench.tap("CARD") }
    for _ in 0..<4 { step { bench.wait(1) } }
    step { bench.plugOut() }
    for _ in 0..<4 { step { bench.wait(1) } }
    bench.engine.holdsCommits = false
    bench.settle()
    bench.wait(40)
    return hasDied
  }
}

/// An independent reading of what the CSMS saw, by rules that know nothing of the controller.
enum SessionJudge {
  static func judge(_ bench: SessionBench, _ label: String, sourceLocation: SourceLocation = #_sourceLocation) {
    var order: [String] = []
    for event in bench.events where !order.contains(event.transactionID) { order.append(event.transactionID) }
    var told: Decimal = 0
    for id in order {
      let events = bench.events.filter { $0.transactionID == id }
      let numbers = events.map { $0.seqNo }
      #expect(numbers == Array(0..<Int32(numbers.count)), "\(label): \(numbers)", sourceLocation: sourceLocation)
      #expect(events.first?.kind == .started, "\(label)", sourceLocation: sourceLocation)
      #expect(events.dropFirst().allSatisfy { $0.kind != .started }, "\(label)", sourceLocation: sourceLocation)
      #expect(events.dropLast().allSatisfy { $0.kind != .ended }, "\(label)", sourceLocation: sourceLocation)
      #expect(events.last?.kind == .ended, "\(label): \(bench.story)", sourceLocation: sourceLocation)
      #expect(events.map { $0.time } == events.map { $0.time }.sorted(), "\(label)", sourceLocation: sourceLocation)
      let starters = events.filter { $0.token != nil && $0.trigger != .stopAuthorized }.compactMap { $0.token?.idToken }
      #expect(Set(starters).count <= 1, "\(label): C01.FR.23", sourceLocation: sourceLocation)
      let registers = events.last?.readings.compactMap { $0.energyImport } ?? []
      if let first = registers.first, let last = registers.last { told = told.adding(last.subtracting(first)) }
    }
    var delivered: Decimal = 0
    for evse in 1...bench.places.count {
      delivered = delivered.adding(bench.register(Int32(evse)).subtracting(5_000))
    }
    #expect(told == delivered, "\(label): told \(told) Wh of \(delivered)", sourceLocation: sourceLocation)
    #expect(!bench.disk.hasOpenTransactions, "\(label)", sourceLocation: sourceLocation)
  }
}
