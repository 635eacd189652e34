import ChargerBase
import Glibc
import OCPPPorts
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("The resume table: what is written is what is done")
struct ResumeTableTests {
  private static let situations: [ResumeTable.Situation] = [false, true].flatMap { isAsked in
    ResumeTable.StopCause.allCases.flatMap { cause in
      ResumeTable.Vehicle.allCases.flatMap { vehicle in
        ResumeTable.Meter.allCases.flatMap { meter in
          ResumeTable.TimeAway.allCases.map { away in
            ResumeTable.Situation(
              isEndAskedFor: isAsked, cause: cause, vehicle: vehicle, meter: meter, timeAway: away)
          }
        }
      }
    }
  }

  @Test("Every situation has exactly one row, and every row its situations")
  func complete() {
    #expect(Self.situations.count == 800)
    for situation in Self.situations {
      #expect(ResumeTable.rows.count { $0.fits(situation) } == 1, "\(situation)")
    }
    for row in ResumeTable.rows {
      #expect(Self.situations.contains { row.fits($0) }, "\(row.text)")
    }
  }

  /// The table's rows in a file: those under the heading that names its columns.
  private func table(in file: String) throws -> [String] {
    let folder = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
    let handle = try #require(fopen("\(folder)/\(file)", "r"))
    defer { fclose(handle) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, handle)
    let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map { line in
      line.hasPrefix("/// ") ? String(line.dropFirst(4)) : String(line)
    }
    let heading = try #require(lines.firstIndex { $0.hasPrefix("| end asked for |") })
    return Array(lines[(heading + 2)...].prefix { $0.hasPrefix("|") })
  }

  @Test(
    "The table in the documentation is the table of the program",
    arguments: ["Sources/OCPPCore/SessionController/ResumeTable.swift", "README.md"])
  func written(_ file: String) throws {
    #expect(try table(in: file) == ResumeTable.rows.map(\.text))
  }

  @Test("Each reason of a boot tells the cause of the stop", arguments: BootReason.allCases)
  func causes(_ reason: BootReason) {
    let cause = ResumeTable.StopCause(reason)
    switch reason {
    case .powerUp: #expect(cause == .powerCut)
    case .watchdog: #expect(cause == .watchdog)
    case .applicationReset, .unknown: #expect(cause == .crash)
    case .remoteReset, .scheduledReset: #expect(cause == .reset)
    default: #expect(cause == .orderlyStop)
    }
  }

  private func charging(_ settings: [(StationVariable, String)] = [], for seconds: Int = 30) -> SessionBench {
    let bench = SessionBench(settings)
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(seconds)
    return bench
  }

  @Test("TxCtrlr.ResumeTransactions and ResumeTimeLimit rule whether and for how long a transaction waits")
  func settings() {
    for (limit, goesOn) in [("3600", false), ("20000", true), ("0", true)] {
      let bench = charging([(.resumeTimeLimit, limit)])
      bench.kill(reason: .powerUp, away: .seconds(3 * 3_600))
      bench.wait(3)
      #expect((bench.last?.kind == .updated) == goesOn, "\(limit)")
      #expect(bench.isGranted() == goesOn)
    }
    let never = charging([(.resumeTransactions, "false")])
    never.kill(away: .seconds(1))
    never.wait(2)
    #expect(never.story.last == "Ended/AbnormalCondition")
    #expect(never.last?.stoppedReason == .reboot)
    #expect(never.last?.readings.last?.energyImport == never.register())
  }

  @Test("Without events the time away still counts from when the transaction last ran, not from its last event")
  func aliveMark() {
    let bench = charging([(.resumeTimeLimit, "3600"), (.sampledTxUpdatedInterval, "0")], for: 3 * 3_600)
    bench.kill(reason: .powerUp, away: .seconds(60))
    bench.wait(3)
    #expect(bench.last?.kind == .updated && bench.isGranted())
  }

  @Test("An orderly stop stores when it was, however long ago the last event")
  func orderlyStop() {
    let bench = charging([(.resumeTimeLimit, "300"), (.sampledTxUpdatedInterval, "0")], for: 800)
    bench.sessions.stop()
    bench.settle()
    bench.kill(reason: .localReset, away: .seconds(60))
    bench.wait(3)
    #expect(bench.last?.kind == .updated && bench.isGranted())
  }

  @Test("A clock that is not set yet is waited for; one that is never set lets the transaction go on")
  func clockUnknown() {
    let known = charging()
    known.kill(reason: .powerUp, away: .seconds(3 * 86_400))
    known.wait(3)
    #expect(known.last?.kind == .ended)
    let bench = charging()
    bench.clockIsLost = true
    bench.kill(reason: .powerUp, away: .seconds(3 * 86_400))
    bench.wait(20)
    #expect(bench.sessions.transactionID(at: EVSEID(1)) != nil && !bench.isGranted(), "the clock is waited for")
    bench.wait(15)
    #expect(bench.last?.kind == .updated && bench.isGranted())
  }

  @Test("The time for which energy flowed stops with the program: none is told of the time away")
  func chargingTime() throws {
    for reason in [BootReason.applicationReset, .powerUp] {
      let bench = charging([(.sampledTxUpdatedInterval, "10")], for: 100)
      bench.kill(reason: reason, away: .seconds(5_000))
      bench.wait(50)
      bench.tap("CARD")
      bench.wait(5)
      let told = try #require(bench.last?.secondsCharging)
      #expect((135...155).contains(told), "\(reason): \(told) s")
    }
  }

  @Test("A meter that was silent at the start is judged by its first reading")
  func silentThenForeign() {
    for (register, isOwn) in [(Int64(1_000), false), (90_000_000, false), (5_100_000, true)] {
      let bench = charging([(.sampledTxUpdatedInterval, "5")])
      let last = bench.register()
      bench.metersAreSilent = true
      bench.kill { bench.places[0].register = register }
      bench.wait(15)
      #expect(bench.isGranted())
      bench.metersAreSilent = false
      bench.wait(8)
      #expect(bench.isGranted() == isOwn, "\(register)")
      guard !isOwn else { continue }
      #expect(bench.story.last == "Ended/AbnormalCondition", "\(register)")
      #expect(bench.last?.readings.last?.energyImport == last)
      bench.tap("CARD")
      bench.plugOut()
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(5)
      #expect(bench.last?.readings.last?.energyImport == bench.register(), "the next transaction has the new meter")
    }
  }

  @Test("E10.FR.01 A transaction that needs no vehicle goes on without it; at a fixed cable for the rest of its time")
  func withoutVehicle() {
    for hasFixedCable in [false, true] {
      let bench = SessionBench(
        hasFixedCable: hasFixedCable,
        [(.txStopPoint, "Authorized"), (.stopTxOnEVSideDisconnect, "false"), (.evConnectionTimeOut, "100")])
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(20)
      bench.kill { bench.places[0].isConnected = false }
      bench.wait(50)
      #expect(bench.story.last == "Updated/EVCommunicationLost")
      bench.wait(60)
      #expect((bench.last?.kind == .ended) == hasFixedCable)
    }
  }

  @Test("C01.FR.26 A driver who had not plugged in has the rest of his time after a restart, not all of it again")
  func restOfTheTime() {
    let bench = SessionBench([(.txStartPoint, "Authorized"), (.evConnectionTimeOut, "100")])
    bench.tap("CARD")
    bench.wait(60)
    bench.kill(away: .seconds(20))
    bench.wait(15)
    #expect(bench.last?.kind != .ended)
    bench.wait(10)
    #expect(bench.story.last == "Ended/EVConnectTimeout")
    #expect(bench.last?.stoppedReason == .timeout)
  }

  @Test("B12.FR.04 An immediate reset that was accepted ends the transaction, also when the program died on the way")
  func acceptedReset() {
    let bench = charging()
    bench.kill(reason: .remoteReset) {
      bench.disk.apply([StoredReset(.station, false, isCarriedOut: true).mutation], record: nil)
    }
    bench.wait(3)
    #expect(bench.story.last == "Ended/ResetCommand")
    #expect(bench.last?.stoppedReason == .immediateReset)
    #expect(bench.last?.readings.last?.energyImport == bench.register())
  }

  @Test("A cable of another rating is another vehicle's, whenever it is read")
  func swappedCable() {
    for isLate in [false, true] {
      let bench = SessionBench()
      bench.tell(.cable(bench.connector(1), ratingMilliamperes: 32_000, at: bench.engine.now))
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(20)
      bench.kill(reason: .powerUp) {
        guard !isLate else { return }
        bench.firstFacts = [.cable(bench.connector(1), ratingMilliamperes: 20_000, at: .zero)]
      }
      if isLate {
        bench.wait(2)
        bench.tell(.cable(bench.connector(1), ratingMilliamperes: 20_000, at: bench.engine.now))
      }
      bench.wait(10)
      #expect(bench.story.last == "Ended/EVCommunicationLost")
      #expect(bench.last?.stoppedReason == .powerLoss)
      #expect(!bench.isGranted())
    }
  }
}
