import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("DataSigned as a start point")
struct DataSignedTests {
  private func bench(
    _ points: String = "DataSigned", signs: Bool = true, _ more: [(StationVariable, String)] = []
  ) -> SessionBench {
    SessionBench(meterSigns: signs, [(.txStartPoint, points), (.sampledTxUpdatedInterval, "0")] + more)
  }

  @Test("E01.FR.04, E02.FR.14, T-16: plugged in, the meter signs, and with that reading the transaction starts")
  func starts() throws {
    let bench = bench()
    bench.plugIn()
    #expect(bench.events.isEmpty)
    #expect(bench.orders.map { $0.moment } == [.transactionBegin])
    bench.wait(2)
    bench.sign()
    #expect(bench.story == ["Started/SignedDataReceived"])
    let started = try #require(bench.events.first)
    #expect(started.time.instant == bench.engine.now)
    #expect(started.readings.map { $0.context } == [.transactionBegin])
    #expect(started.readings.first?.signed != nil && started.readings.first?.energyImport == 5_000)
    #expect(started.connector == 1 && !bench.isGranted())
    bench.tap("CARD")
    bench.wait(5)
    bench.tap("CARD")
    bench.wait(1)
    bench.sign()
    #expect(
      bench.story == [
        "Started/SignedDataReceived", "Updated/Authorized", "Updated/ChargingStateChanged", "Ended/StopAuthorized",
      ])
    #expect(bench.last?.readings.compactMap { $0.energyImport } == [5_000, bench.register()])
    #expect(bench.orders.count == 2, "begin and end; the vehicle that is still there starts nothing by itself")
  }

  @Test("E01.FR.04: no energy before the signed reading, however long the meter takes, and the driver's token is told")
  func energyWaits() throws {
    let bench = bench()
    bench.tap("CARD", evses: [1])
    bench.plugIn()
    bench.wait(20)
    #expect(bench.events.isEmpty && !bench.isGranted())
    bench.refuse()
    bench.wait(5)
    #expect(bench.orders.count == 1)
    bench.wait(6)
    #expect(bench.orders.count == 2, "asked again")
    bench.refuse()
    #expect(bench.engine.notes.filter { $0.contains("has not signed") }.count == 1, "told once")
    bench.wait(11)
    bench.sign()
    #expect(bench.story.first == "Started/SignedDataReceived" && bench.isGranted())
    #expect(bench.events.first?.token?.idToken == "CARD")
  }

  @Test(
    "E01.FR.04: a meter that never answers is asked again after a minute, and an answer to the old order is nothing")
  func silentMeter() {
    let bench = bench()
    bench.plugIn()
    bench.wait(61)
    #expect(bench.orders.map { $0.number } == [1, 2])
    bench.tell(.signedReading(EVSEID(1), number: 1, .failed("late")))
    bench.settle()
    bench.sign()
    #expect(bench.story == ["Started/SignedDataReceived"])
  }

  @Test("E01.FR.04: the answer for a vehicle that has left starts nothing for the next one")
  func vehicleLeft() {
    let bench = bench()
    bench.plugIn()
    bench.plugOut()
    bench.plugIn()
    bench.sign()
    #expect(bench.events.isEmpty)
    #expect(bench.orders.count == 2, "the new vehicle's own")
    bench.sign()
    #expect(bench.story == ["Started/SignedDataReceived"])
  }

  @Test("E01.FR.04: the next driver at the same vehicle has a reading, and a transaction, of his own")
  func secondDriver() {
    let bench = bench()
    bench.metersSignAtOnce = true
    bench.plugIn()
    for card in ["ONE", "TWO"] {
      bench.tap(card)
      bench.wait(3)
      #expect(bench.isGranted())
      bench.tap(card)
      bench.wait(3)
    }
    #expect(
      bench.events.filter { $0.kind == .started }.map { $0.trigger } == [.signedDataReceived, .signedDataReceived])
    #expect(bench.events.filter { $0.kind == .ended }.count == 2)
  }

  @Test(
    "E01.FR.04: where the meter does not sign, or is not to, a driver with a vehicle starts the transaction",
    arguments: [true, false])
  func cannotCome(_ signs: Bool) {
    let bench = bench(signs: signs)
    if signs {
      let key = VariableKey("SampledDataCtrlr", "SignReadings")
      guard case .change(let change) = bench.engine.deviceModel.change(key, .actual, to: "false") else {
        Issue.record("SignReadings cannot be written")
        return
      }
      _ = bench.engine.deviceModel.apply(change)
      bench.sessions.variableChanged(at: change.place)
    }
    bench.plugIn()
    #expect(bench.events.isEmpty && bench.orders.isEmpty)
    bench.tap("CARD")
    #expect(bench.story.first == "Started/Authorized" && bench.isGranted())
  }

  @Test("T-16: what comes first starts: the plug before the signature, the card before the plug")
  func withOthers() {
    let plug = bench("EVConnected,DataSigned")
    plug.plugIn()
    plug.wait(1)
    plug.sign()
    #expect(plug.story == ["Started/CablePluggedIn"])
    let card = bench("Authorized,DataSigned")
    card.metersSignAtOnce = true
    card.tap("CARD", evses: [1])
    #expect(card.story == ["Started/Authorized"])
    card.plugIn()
    card.wait(3)
    #expect(card.events.filter { $0.kind == .started }.count == 1)
  }

  @Test("DataSigned is offered where a meter signs, as a start point alone (errata 2.24)")
  func isOffered() {
    let key = StationVariable.txStartPoint.key
    func members(_ bench: SessionBench, _ variable: StationVariable) -> [String] {
      bench.engine.deviceModel.place(of: variable.key).map { bench.engine.deviceModel.entries[$0].character.members }
        ?? []
    }
    #expect(members(bench(signs: true), .txStartPoint).contains("DataSigned"))
    #expect(!members(bench(signs: false), .txStartPoint).contains("DataSigned"))
    #expect(!members(bench(signs: true), .txStopPoint).contains("DataSigned"))
    #expect(key.variable == "TxStartPoint")
  }

  @Test("With EnergyTransfer the meter signs before energy flows, and the flow is not cut off for it")
  func energyTransfer() throws {
    let bench = bench("EnergyTransfer")
    bench.plugIn()
    bench.tap("CARD")
    #expect(!bench.isGranted() && bench.orders.count == 1)
    bench.wait(1)
    bench.sign()
    #expect(bench.story == ["Started/ChargingStateChanged"])
    #expect(bench.events.first?.readings.first?.signed != nil)
    let silent = self.bench("EnergyTransfer")
    silent.plugIn()
    silent.tap("CARD")
    silent.wait(4)
    #expect(silent.story == ["Started/ChargingStateChanged"] && silent.isGranted())
    #expect(!silent.engine.actions.contains(.revoke(silent.connector(1))))
  }
}
