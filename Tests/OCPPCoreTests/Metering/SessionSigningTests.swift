import ChargerBase
import OCPPTypes
import Testing

@testable import OCPPCore

@Suite("J02.FR.21 Signed readings in transaction events")
struct SessionSigningTests {
  private func bench(_ settings: [(StationVariable, String)] = []) -> SessionBench {
    SessionBench(meterSigns: true, settings + [(.sampledTxUpdatedInterval, "0")])
  }

  private func signedContexts(_ event: TransactionEventRecord?) -> [ReadingContext] {
    (event?.readings ?? []).filter { $0.signed != nil }.map { $0.context }
  }

  @Test("Energy and the Started event wait for the signature of the begin, and nothing is told before")
  func begin() throws {
    let bench = bench()
    bench.plugIn()
    bench.tap("0123456789")
    #expect(bench.events.isEmpty && !bench.isGranted())
    #expect(bench.orders.map { $0.moment } == [.transactionBegin])
    bench.wait(1)
    bench.sign()
    #expect(bench.story.first == "Started/Authorized" && bench.isGranted())
    let started = try #require(bench.events.first)
    #expect(started.readings.map { $0.context } == [.transactionBegin])
    #expect(signedContexts(started) == [.transactionBegin])
    #expect(started.token != nil, "what happened in the meantime is in it")
    #expect(started.readings.allSatisfy { $0.time <= started.time }, "J02.FR.10")
  }

  @Test("The other values of the begin keep their own time; the register is told once, as it was signed")
  func otherValues() throws {
    let bench = bench([(.sampledTxStartedMeasurands, "Energy.Active.Import.Register,Voltage")])
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(1)
    bench.sign()
    let readings = try #require(bench.events.first?.readings)
    #expect(readings.map { $0.values.map { $0.measurand } } == [[.voltage], [.energyActiveImportRegister]])
    #expect(readings.map { $0.signed != nil } == [false, true])
  }

  @Test("After three seconds the session begins without it; a signature that comes before energy is still the begin's")
  func lateWithoutEnergy() throws {
    let bench = bench()
    bench.plugIn(wantsEnergy: false)
    bench.tap("CARD")
    bench.wait(4)
    #expect(bench.story.first == "Started/Authorized" && bench.isGranted())
    #expect(signedContexts(bench.events.first).isEmpty && bench.events.first?.readings.count == 1)
    bench.sign()
    #expect(bench.story.last == "Updated/SignedDataReceived")
    #expect(signedContexts(bench.last) == [.transactionBegin])
    bench.tap("CARD")
    bench.wait(1)
    bench.sign()
    #expect(bench.last?.kind == .ended && signedContexts(bench.last) == [.transactionBegin, .transactionEnd])
  }

  @Test("A signature that comes when energy has flowed is told, but not as the begin: nobody pays twice or too little")
  func lateWithEnergy() throws {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(8)
    bench.sign()
    #expect(signedContexts(bench.last) == [.other] && bench.last?.trigger == .signedDataReceived)
    bench.tap("CARD")
    bench.wait(2)
    bench.sign()
    let ended = try #require(bench.last)
    #expect(ended.kind == .ended && signedContexts(ended) == [.transactionEnd])
    #expect(ended.readings.compactMap { $0.energyImport } == [5_000, bench.register()])
  }

  @Test("A stop before the begin is signed: Started and Ended in their order, and no energy")
  func stopWhileWaiting() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.tap("CARD")
    bench.wait(20)
    #expect(bench.story == ["Started/Authorized", "Ended/StopAuthorized"])
    #expect(bench.events.map { $0.seqNo } == [0, 1])
    #expect(!bench.engine.actions.contains { if case .grant = $0 { true } else { false } })
  }

  @Test(
    "A program that dies before the begin is signed has told nobody of its transaction; the accepted driver has another"
  )
  func killWhileWaiting() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.events.isEmpty && !bench.disk.hasOpenTransactions)
    bench.kill()
    bench.wait(1)
    bench.sign()
    bench.wait(1)
    #expect(bench.story.first == "Started/CablePluggedIn")
    #expect(bench.events.first?.token?.idToken == "CARD")
    #expect(Set(bench.events.map { $0.transactionID }).count == 1)
    #expect(bench.isGranted())
  }

  @Test("The Ended event waits for the signature of the end, twelve seconds at most", arguments: [true, false])
  func end(comes: Bool) throws {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.sign()
    bench.wait(10)
    bench.tap("CARD")
    bench.wait(1)
    #expect(bench.last?.kind != .ended && bench.orders.last?.moment == .transactionEnd)
    #expect(!bench.isGranted(), "energy ends at once")
    if comes { bench.sign() } else { bench.wait(14) }
    let ended = try #require(bench.last)
    #expect(ended.kind == .ended)
    #expect(signedContexts(ended) == (comes ? [.transactionBegin, .transactionEnd] : [.transactionBegin]))
    #expect(ended.readings.last?.energyImport == bench.register())
  }

  @Test(
    "OncePerTransaction: a key that the meter did not tell at first, or that did not fit, is told with the next reading"
  )
  func keyThatComesLate() {
    for data in ["OCMF|{}|{}", String(repeating: "x", count: 1_876)] {
      let bench = bench()
      bench.plugIn()
      bench.tap("CARD")
      bench.sign(data: data, publicKey: data.count > 100 ? "3059" : "")
      bench.wait(5)
      bench.tap("CARD")
      bench.wait(1)
      bench.sign()
      let told = (bench.last?.readings ?? []).filter { $0.context == .transactionEnd }.compactMap {
        $0.signed?.publicKey
      }
      #expect(bench.last?.kind == .ended && told == ["3059"])
    }
  }

  @Test("An event with a signature does not give way when space is short: signature and key are told once")
  func signatureIsKept() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.wait(8)
    #expect(bench.engine.records.last?.isExpendable == true, "a mere change of the charging state")
    // The number of phases, which is kept for its own sake, is told before.
    bench.wait(10)
    bench.sign()
    #expect(bench.story.last == "Updated/SignedDataReceived" && signedContexts(bench.last) == [.other])
    #expect(bench.last?.phasesUsed == nil)
    #expect(bench.engine.records.last?.isExpendable == false)
  }

  @Test("The end's order has what the meter has signed at the begin, also after a kill, and no other order has it")
  func endsOrderHasTheBegin() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.sign(data: "OCMF|{\"PG\":\"T1\"}|{}")
    bench.wait(10)
    bench.tap("CARD")
    bench.wait(1)
    #expect(bench.orders.map { $0.signedBegin } == [nil, "OCMF|{\"PG\":\"T1\"}|{}"])
    bench.kill()
    bench.wait(1)
    #expect(bench.orders.map { $0.signedBegin } == ["OCMF|{\"PG\":\"T1\"}|{}"])
    bench.sign()
    #expect(bench.last?.kind == .ended && signedContexts(bench.last) == [.transactionBegin, .transactionEnd])
  }

  @Test("A stop without energy, while the signature of the end is awaited, is carried out after a kill")
  func stopWithoutEnergySurvives() throws {
    let bench = bench()
    bench.plugIn(wantsEnergy: false)
    bench.tap("CARD")
    bench.sign()
    bench.wait(10)
    #expect(bench.remoteStop(try #require(bench.sessions.transactionID(at: EVSEID(1))))?.status == .accepted)
    bench.settle()
    #expect(bench.orders.last?.moment == .transactionEnd && bench.last?.kind != .ended)
    bench.kill()
    bench.wait(20)
    #expect(bench.story.last == "Ended/RemoteStop" && !bench.isGranted())
  }

  @Test("A meter that refuses is asked again; what it signs in the end is told")
  func refusedAtFirst() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.refuse()
    bench.wait(1)
    #expect(bench.orders.count == 2)
    bench.sign()
    #expect(signedContexts(bench.events.first) == [.transactionBegin])
    bench.wait(5)
    bench.tap("CARD")
    for _ in 0..<3 {
      bench.wait(1)
      bench.refuse()
    }
    #expect(bench.last?.kind != .ended)
    bench.wait(1)
    bench.sign()
    #expect(signedContexts(bench.last) == [.transactionBegin, .transactionEnd])
    #expect(bench.orders.count < 12)
  }

  @Test("A meter that refuses for ever is asked a bounded number of times")
  func refusedForEver() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    for _ in 0..<10 {
      bench.wait(1)
      bench.refuse()
    }
    bench.tap("CARD")
    for _ in 0..<30 {
      bench.wait(1)
      bench.refuse()
    }
    #expect(bench.last?.kind == .ended && signedContexts(bench.last).isEmpty)
    #expect(bench.orders.count < 24)
    #expect(bench.engine.notes.contains { $0.contains("signed") })
  }

  @Test("J02.FR.16: a signed register that has fallen is not believed")
  func fallenRegister() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.sign()
    bench.wait(10)
    bench.tap("CARD")
    bench.wait(1)
    for _ in 0..<14 {
      bench.sign(register: 4_999)
      bench.wait(1)
    }
    #expect(bench.last?.kind == .ended && signedContexts(bench.last) == [.transactionBegin])
    #expect(bench.last?.readings.last?.energyImport == bench.register())
  }

  @Test("The signature of a transaction that is over is not taken for the next one's")
  func formerTransaction() {
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.sign()
    bench.wait(5)
    bench.tap("CARD")
    bench.wait(15)
    #expect(bench.last?.kind == .ended)
    let count = bench.events.count
    bench.plugOut()
    bench.plugIn()
    bench.tap("CARD")
    #expect(bench.orders.count == 2, "the meter still works on the last one")
    bench.sign()
    #expect(bench.orders.count == 3 && bench.events.count == count)
    bench.sign()
    let started = bench.events.dropFirst(count).first
    #expect(signedContexts(started) == [.transactionBegin] && started?.kind == .started)
  }

  @Test("A meter that never answers is asked again for a later transaction")
  func lostAnswer() {
    let bench = bench()
    for _ in 0..<2 {
      bench.plugIn()
      bench.tap("CARD")
      bench.wait(50)
      bench.tap("CARD")
      bench.wait(20)
      bench.plugOut()
    }
    #expect(bench.events.filter { $0.kind == .ended }.count == 2)
    #expect(bench.orders.count >= 2)
  }

  @Test("The token's middle stays with the station")
  func identification() {
    let bench = bench()
    bench.plugIn()
    bench.tap("04A1B2C3D4")
    #expect(bench.orders.map { $0.identification } == ["04…D4"])
  }

  @Test("A signature that is too long for OCPP 2.0.1 is told where there is room, and noted")
  func tooLong() throws {
    let data = SignedMeterData(
      signedData: String(repeating: "x", count: 1_876), encodingMethod: "OCMF", signingMethod: "ECDSA", publicKey: "")
    #expect(data.meterValue(in: .v201) == nil && data.meterValue(in: .v21) != nil)
    var shorter = data
    shorter.signedData.removeLast()
    #expect(shorter.meterValue(in: .v201)?.signedMeterData.utf8.count == 2_500)
    let bench = bench()
    bench.plugIn()
    bench.tap("CARD")
    bench.sign(data: data.signedData)
    #expect(bench.events.first?.readings.first?.energyImport == 5_000)
    #expect(bench.engine.notes.contains { $0.contains("too long") })
  }

  @Test("A public key in hexadecimal travels as its bytes, any other form as it is")
  func publicKey() {
    func told(_ key: String) -> String? {
      SignedMeterData(signedData: "d", encodingMethod: "e", signingMethod: "s", publicKey: key)
        .meterValue(in: .v201)?.publicKey
    }
    #expect(told("3059FF") == "MFn/" && told("3059ff") == "MFn/")
    #expect(told("") == "")
    #expect(told("abc") == "YWJj" && told("zz") == "eno=")
  }

  @Test(
    "E02.FR.01, E03.FR.01: whoever was authorized is named, although all ends before the begin is signed",
    arguments: ["unplugged", "same card", "group", "remote stop", "fault", "reset"])
  func endsBeforeTheBeginIsSigned(_ how: String) throws {
    for startPoint in ["PowerPathClosed", "EVConnected"] {
      let bench = bench([(.txStartPoint, startPoint)])
      bench.engine.verdict = { _ in .accepted(group: "FLEET") }
      bench.plugIn()
      bench.tap("ANNA")
      #expect(bench.events.isEmpty)
      switch how {
      case "unplugged": bench.plugOut()
      case "same card": bench.tap("ANNA")
      case "group": bench.tap("MATE")
      case "remote stop": _ = bench.remoteStop(try #require(bench.sessions.transactionID(at: EVSEID(1))))
      case "fault": bench.fault("CX008")
      default: bench.sessions.endTransactions(in: .station) {}
      }
      bench.settle()
      bench.wait(20)
      let started = try #require(bench.events.first)
      #expect(started.kind == .started && started.token?.idToken == "ANNA", "\(how), \(startPoint)")
      #expect(bench.last?.kind == .ended && bench.register() == 5_000)
      #expect(bench.events.map { $0.seqNo } == bench.events.indices.map { Int32($0) })
    }
  }
}
