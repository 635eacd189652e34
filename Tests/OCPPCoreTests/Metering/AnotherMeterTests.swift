import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("Another meter in the place of the one that was read")
struct AnotherMeterTests {
  private func charging(
    _ settings: [(StationVariable, String)] = [(.sampledTxUpdatedInterval, "1")], meterSigns: Bool = false
  ) -> SessionBench {
    let bench = SessionBench(meterSigns: meterSigns, settings)
    bench.metersSignAtOnce = meterSigns
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(20)
    return bench
  }

  private func energies(_ event: TransactionEventRecord?) -> [Decimal] {
    event?.readings.compactMap { $0.energyImport } ?? []
  }

  /// What the newest transaction began with.
  private func begin(_ bench: SessionBench) -> [Decimal] { energies(bench.events.last { $0.kind == .started }) }

  private func billed(_ bench: SessionBench) -> Decimal {
    bench.events.filter { $0.kind == .ended }.reduce(0) { sum, ended in
      let told = energies(ended)
      return sum.adding((told.last ?? 0).subtracting(told.first ?? 0))
    }
  }

  private func problems(_ bench: SessionBench) -> [Bool] {
    bench.engine.faults.filter { $0.code == "meterRegister" }.map { $0.isActive }
  }

  @Test(
    "J02.FR.16, J02.FR.17: another meter in a transaction ends it with the old one's register, and the next one begins with the new one's",
    arguments: [9_000_000, 1_200_000, -4_000_000])
  func exchanged(step: Int64) throws {
    let bench = charging()
    let before = bench.register()
    bench.places[0].register += step
    bench.wait(10)
    #expect(bench.last?.trigger == .abnormalCondition && bench.last?.stoppedReason == .other)
    #expect(!bench.isGranted() && energies(bench.last) == [5_000, before])
    #expect(bench.events.flatMap { energies($0) }.allSatisfy { $0 >= 5_000 && $0 <= before })
    #expect(problems(bench) == [true, false], "told, and over with the new meter's first reading")
    #expect(bench.engine.notes.filter { $0.contains("another meter") }.count == 1)
    let new = bench.register()
    bench.tap("CARD")
    #expect(begin(bench) == [new])
    bench.wait(30)
    bench.tap("CARD")
    bench.wait(3)
    #expect(energies(bench.last) == [new, bench.register()])
    // What flowed until the new meter was known for one: three readings.
    let flowed = bench.register().subtracting(5_000).subtracting(Decimal(thousandths: step))
    #expect(billed(bench) <= flowed && billed(bench) >= flowed.subtracting(6), "\(billed(bench)) of \(flowed)")
  }

  @Test(
    "One or two readings far off are a slip: nothing of them is told or billed, and nothing stops", arguments: [1, 2])
  func slip(readings: Int) throws {
    for step: Int64 in [9_000_000, -4_000_000] {
      let bench = charging()
      for _ in 0..<3 {
        bench.places[0].register += step
        bench.wait(readings)
        bench.places[0].register -= step
        bench.wait(2)
      }
      #expect(bench.isGranted() && problems(bench).isEmpty)
      bench.tap("CARD")
      bench.wait(3)
      #expect(bench.last?.trigger == .stopAuthorized && energies(bench.last) == [5_000, bench.register()])
      #expect(bench.events.flatMap { energies($0) }.allSatisfy { $0 >= 5_000 && $0 <= bench.register() })
    }
  }

  @Test("A reading that is told again and again counts once")
  func sameReading() {
    let bench = charging()
    bench.places[0].register += 9_000_000
    for _ in 0..<5 { bench.tell(.meter(EVSEID(1), bench.sample(0))) }
    bench.settle()
    bench.places[0].register -= 9_000_000
    bench.wait(5)
    #expect(bench.isGranted() && problems(bench).isEmpty)
  }

  @Test("Energy that flowed while no reading came is billed, however much it is")
  func longSilence() {
    let bench = charging([(.sampledTxUpdatedInterval, "0")])
    bench.metersAreSilent = true
    bench.wait(5 * 3_600)
    bench.metersAreSilent = false
    bench.wait(2)
    #expect(bench.isGranted() && problems(bench).isEmpty)
    bench.tap("CARD")
    bench.wait(3)
    #expect(bench.register() > 40_000 && energies(bench.last) == [5_000, bench.register()])
  }

  @Test(
    "A register that has lost its last readings is waited for: the transaction goes on, and nothing is billed twice")
  func lostReadings() {
    let bench = charging()
    bench.places[0].register -= 30_000
    bench.wait(10)
    #expect(bench.isGranted() && problems(bench) == [true])
    bench.wait(20)
    #expect(problems(bench) == [true, false])
    bench.tap("CARD")
    bench.wait(3)
    #expect(energies(bench.last) == [5_000, bench.register()])
    let told = bench.events.dropLast().flatMap { energies($0) }
    #expect(told == told.sorted())
  }

  @Test("A stop that was asked for ends at the old meter's register, at once")
  func stopped() {
    let bench = charging()
    let before = bench.register()
    bench.places[0].register += 9_000_000
    bench.wait(2)
    bench.tap("CARD")
    bench.wait(12)
    #expect(bench.last?.trigger == .stopAuthorized && energies(bench.last) == [5_000, before])
    bench.wait(2)
    bench.plugOut()
    bench.plugIn()
    bench.tap("CARD")
    #expect(begin(bench) == [bench.register()])
  }

  @Test("J02.FR.21: what one meter has signed the begin of no other signs the end of; nothing signed is changed")
  func signed() {
    let bench = charging(meterSigns: true)
    let before = bench.register()
    let orders = bench.orders.count
    bench.places[0].register += 9_000_000
    bench.wait(20)
    #expect(bench.last?.trigger == .abnormalCondition && energies(bench.last) == [5_000, before])
    let signed = (bench.last?.readings ?? []).filter { $0.signed != nil }
    #expect(signed.map { $0.context } == [.transactionBegin] && signed.first?.energyImport == 5_000)
    #expect(bench.orders.count == orders, "the new meter is not asked")
  }

  @Test("J02.FR.16: a register that another meter has signed for the end is not believed")
  func signedByAnother() {
    let bench = charging([(.sampledTxUpdatedInterval, "0")], meterSigns: true)
    bench.metersSignAtOnce = false
    bench.tap("CARD")
    bench.wait(1)
    for _ in 0..<14 {
      bench.sign(register: 9_000_000)
      bench.wait(1)
    }
    #expect(bench.last?.kind == .ended && energies(bench.last).last == bench.register())
  }

  // MARK: Between transactions

  @Test("Between transactions a slip begins no transaction, and another meter is believed and told")
  func idle() {
    let bench = SessionBench()
    bench.wait(5)
    bench.places[0].register += 9_000_000
    bench.wait(1)
    bench.plugIn(wantsEnergy: false)
    bench.places[0].register -= 9_000_000
    bench.tap("CARD")
    bench.wait(1)
    #expect(energies(bench.events.first) == [5_000] && problems(bench).isEmpty)
    bench.tap("CARD")
    bench.plugOut()
    bench.wait(5)
    bench.places[0].register += 9_000_000
    bench.wait(5)
    #expect(problems(bench) == [true, false])
    bench.plugIn()
    bench.tap("CARD")
    #expect(begin(bench) == [14_000])
  }

  // MARK: Over a restart

  @Test("Over a restart a slip is no other meter: the transaction goes on", arguments: [BootReason.powerUp, .watchdog])
  func slipAfterRestart(reason: BootReason) {
    let bench = charging()
    bench.kill(reason: reason, away: .seconds(60)) { bench.places[0].register += 9_000_000 }
    bench.places[0].register -= 9_000_000
    bench.wait(5)
    #expect(bench.isGranted() && problems(bench).isEmpty)
    bench.tap("CARD")
    bench.wait(3)
    #expect(energies(bench.last) == [5_000, bench.register()])
  }

  @Test("Over a restart without a clock another meter is known by what the EVSE can have delivered unseen")
  func exchangedWithoutClock() {
    for (step, isAnother) in [(9_000_000, true), (1_000_000, false)] as [(Int64, Bool)] {
      let bench = charging()
      let before = bench.register()
      bench.clockIsLost = true
      bench.kill(reason: .powerUp, away: .seconds(86_400)) { bench.places[0].register += step }
      bench.wait(40)
      #expect(bench.isGranted() == !isAnother && problems(bench) == (isAnother ? [true, false] : []))
      guard isAnother else { continue }
      #expect(bench.last?.trigger == .abnormalCondition && bench.last?.stoppedReason == .powerLoss)
      #expect(energies(bench.last) == [5_000, before])
    }
  }

  @Test("A meter that speaks only after the transaction has gone on, and is another, ends it as the table says")
  func lateAfterRestart() {
    let bench = charging()
    let before = bench.register()
    bench.metersAreSilent = true
    bench.kill(reason: .powerUp, away: .seconds(60)) { bench.places[0].register += 9_000_000 }
    bench.wait(60)
    #expect(bench.isGranted())
    bench.metersAreSilent = false
    bench.wait(20)
    #expect(bench.last?.trigger == .abnormalCondition && bench.last?.stoppedReason == .powerLoss)
    #expect(energies(bench.last) == [5_000, before] && problems(bench) == [true, false])
  }
}
