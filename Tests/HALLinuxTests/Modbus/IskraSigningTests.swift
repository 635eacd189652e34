import ChargerBase
import HAL
import SimulatedPeripherals
import Testing

@testable import HALLinux

/// The signing sequence exchange by exchange against a simulated meter, on a clock of its own.
@Suite("Iskra's signing sequence")
struct IskraSigningTests {
  /// A line without a wire: each exchange takes two milliseconds of the simulated clock.
  private final class Line: RegisterLink {
    var slave = SimulatedMeterType.iskraWM3M4C.makeSlave(number: 33)
    var now = MonotonicInstant.zero + .seconds(1_000)
    var exchanges = 0
    /// The meter hears, and the station does not hear its answer.
    var isDeaf: (Int) -> Bool = { _ in false }
    /// Before each exchange.
    var before: (Line) -> Void = { _ in }

    private func exchange(_ request: [UInt8]) throws(ModbusError) -> [UInt8] {
      before(self)
      exchanges += 1
      now = now + .milliseconds(2)
      let answer = slave.answer(request[...], at: now)
      guard !isDeaf(exchanges) else { throw .timeout }
      if let function = answer.first, function & 0x80 != 0 { throw .exception(answer[1]) }
      return answer
    }

    private static func bytes(_ words: [UInt16]) -> [UInt8] {
      words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    func read(
      _ table: RegisterTable, device: UInt8, address: UInt16, count: Int
    ) throws(ModbusError) -> [UInt16] {
      let answer = try exchange([table == .holding ? 3 : 4] + Self.bytes([address, UInt16(count)]))
      return RegisterText.words(answer.dropFirst(2))
    }

    func write(device: UInt8, address: UInt16, value: UInt16) throws(ModbusError) {
      _ = try exchange([6] + Self.bytes([address, value]))
    }

    func write(device: UInt8, address: UInt16, values: [UInt16]) throws(ModbusError) {
      _ = try exchange(
        [16] + Self.bytes([address, UInt16(values.count)]) + [UInt8(values.count * 2)] + Self.bytes(values))
    }
  }

  private struct Refused: Error { let trouble: String? }

  /// A station's side of the meter.
  private final class Desk {
    let line = Line()
    var signing = IskraSigning(device: 33, registersPerRequest: 60)
    private var number: UInt32 = 0
    private var delivered: UInt32?

    init() { show(wattHours: 1_000) }

    func show(wattHours: Int64) {
      var figures = MeterFigures()
      figures.importRegister = Energy(wattHours: wattHours)
      SimulatedMeterType.iskraWM3M4C.show(figures, on: &line.slave)
    }

    func fault(_ fault: IskraSession.Fault?) { line.slave.iskra?.fault = fault }

    /// The program is started anew: what it knew of the meter is lost.
    func restart() {
      signing = IskraSigning(device: 33, registersPerRequest: 60)
      delivered = nil
    }

    func sign(
      _ context: SignedReadingRequest.Context, _ identification: String = "04…A2", begin: SignedReading? = nil,
      isLost: Bool = false
    ) -> SignedReadingAnswer? {
      number += 1
      let elapsed = MonotonicInstant.zero.duration(to: line.now).wholeSeconds
      let request = SignedReadingRequest(
        number: number, context: context, identification: identification, unixSeconds: 1_790_000_000 + elapsed,
        signedBegin: begin?.signedData)
      var answer = signing.take(request, delivered: delivered, until: line.now + .seconds(20), at: line.now)
      while answer == nil {
        line.now = max(line.now, signing.due ?? line.now)
        answer = signing.expire(at: line.now)
        if answer == nil { answer = try? signing.turn(line, at: line.now) }
      }
      if case .signed? = answer, !isLost { delivered = number }
      return answer
    }

    func signed(
      _ context: SignedReadingRequest.Context, _ identification: String = "04…A2", begin: SignedReading? = nil,
      isLost: Bool = false
    ) throws -> SignedReading {
      guard case .signed(_, let reading)? = sign(context, identification, begin: begin, isLost: isLost) else {
        throw Refused(trouble: signing.trouble)
      }
      return reading
    }
  }

  private static func payload(_ reading: SignedReading) throws -> OCMFPayload {
    let parts = reading.signedData.split(separator: "|", omittingEmptySubsequences: false)
    try #require(parts.count == 3)
    return try #require(OCMFPayload(Array(parts[1].utf8)))
  }

  // MARK: Torn readings

  @Test(
    "J02.FR.21: a set that replaces the one on show while it is read is never mixed with it",
    arguments: IskraSession.Moment.allCases)
  func tornEnd(moment: IskraSession.Moment) throws {
    let desk = Desk()
    _ = try desk.signed(.transactionBegin)
    desk.fault(.replaces(moment))
    desk.show(wattHours: 3_000)
    let end = try desk.signed(.transactionEnd)
    #expect(end.importRegister == Energy(wattHours: 3_000))
    #expect(try Self.payload(end).mark == "E")
    #expect(end.signedData.contains("\"PG\":\"T2\""))
    #expect(end.signedData.hasSuffix("02021102\"}"), "the second set's signature")
  }

  @Test(
    "A set of the same length and mark that replaces the one on show while it is read is never mixed with it",
    arguments: IskraSession.Moment.allCases, [false, true])
  func tornBegin(moment: IskraSession.Moment, hasLongerSignature: Bool) throws {
    let desk = Desk()
    if hasLongerSignature {
      desk.line.slave.iskra?.sign = { payload in
        String(decoding: payload, as: UTF8.self).contains("SECOND")
          ? [0x30, 0x09, 0x02, 0x03, 0x11, 0x22, 0x33, 0x02, 0x02, 0x11, 0x02]
          : [0x30, 0x08, 0x02, 0x02, 0x11, 0x22, 0x02, 0x02, 0x11, 0x01]
      }
    }
    _ = try desk.signed(.transactionBegin, "FIRST_")
    // The meter never signs the end of the session that nobody has ended, and goes from begin to begin.
    desk.fault(.neverSigns)
    desk.line.before = { line in
      guard line.slave.iskra?.state == 0, line.slave.iskra?.fault == .neverSigns else { return }
      line.slave.iskra?.failPower()
      line.slave.iskra?.fault = .replaces(moment)
    }
    desk.show(wattHours: 2_000)
    let begin = try desk.signed(.transactionBegin, "SECOND")
    #expect(begin.importRegister == Energy(wattHours: 2_000))
    #expect(begin.signedData.contains("SECOND") && begin.signedData.contains("\"PG\":\"T2\""))
    #expect(begin.signedData.hasSuffix("\"\(hasLongerSignature ? "3009020311223302021102" : "300702011102021102")\"}"))
  }

  /// The meter goes on showing a set as good while it makes the next.
  static let lateSets: [IskraSession.Fault] =
    [.showsLastSignature] + IskraSession.Moment.allCases.map { IskraSession.Fault.replaces($0) }

  @Test("The set of the session before, still shown as good, is not the begin's", arguments: lateSets)
  func lateBegin(fault: IskraSession.Fault) throws {
    let desk = Desk()
    _ = try desk.signed(.transactionBegin)
    _ = try desk.signed(.transactionEnd)
    desk.fault(fault)
    let begin = try desk.signed(.transactionBegin)
    #expect(begin.signedData.contains("\"PG\":\"T3\""))
    #expect(try Self.payload(begin).mark == "B")
  }

  /// A session is begun, the program is started anew, and energy has flowed meanwhile.
  private func resumed(_ fault: IskraSession.Fault?) throws -> Desk {
    let desk = Desk()
    _ = try desk.signed(.transactionBegin)
    desk.restart()
    desk.fault(fault)
    desk.show(wattHours: 4_000)
    return desk
  }

  @Test("After a restart of the program the begin's set, still shown as good, is not the end's", arguments: lateSets)
  func lateEndAfterRestart(fault: IskraSession.Fault) throws {
    let desk = try resumed(fault)
    let end = try desk.signed(.transactionEnd)
    #expect(end.importRegister == Energy(wattHours: 4_000))
    #expect(try Self.payload(end).mark == "E")
  }

  @Test(
    "After a restart a session that nobody has ended is ended, and its sets are not the next begin's",
    arguments: [nil] + lateSets)
  func leftOverAfterRestart(fault: IskraSession.Fault?) throws {
    let desk = try resumed(fault)
    // The same person: the identification tells nothing.
    let begin = try desk.signed(.transactionBegin)
    #expect(begin.importRegister == Energy(wattHours: 4_000))
    #expect(!begin.signedData.contains("\"PG\":\"T1\""))
    #expect(desk.line.slave.iskra?.state == 1)
  }

  @Test("A meter that goes on showing the begin's set has not signed the end")
  func neverReplaced() throws {
    let desk = Desk()
    _ = try desk.signed(.transactionBegin)
    desk.line.slave.iskra?.signingTime = .seconds(3_600)
    desk.fault(.showsLastSignature)
    #expect(desk.sign(.transactionEnd) == .failed(number: 2, .timedOut))
    #expect(desk.signing.trouble?.contains("what it had signed before") == true, "\(desk.signing.trouble ?? "")")
  }

  // MARK: An end before a kill

  @Test("J02.FR.21: an end whose program was killed before the answer is found by its begin, and not commanded again")
  func endBeforeKill() throws {
    let desk = Desk()
    let begin = try desk.signed(.transactionBegin)
    desk.show(wattHours: 7_000)
    let end = try desk.signed(.transactionEnd)
    desk.restart()
    desk.show(wattHours: 7_100)
    desk.line.now = desk.line.now + .seconds(5)
    let found = try desk.signed(.transactionEnd, begin: begin)
    #expect(found.signedData == end.signedData && found.importRegister == Energy(wattHours: 7_000))
    #expect(found.publicKey == end.publicKey && found.takenAt > end.takenAt)
    #expect(desk.line.slave.iskra?.signedSets == 2)
  }

  @Test("An end that the meter still signs after a kill is waited for")
  func endUnderWayAtKill() throws {
    let desk = Desk()
    let begin = try desk.signed(.transactionBegin)
    desk.fault(.neverSigns)
    #expect(desk.sign(.transactionEnd) == .failed(number: 2, .timedOut))
    desk.restart()
    desk.line.before = { if $0.exchanges > 2_500 { $0.slave.iskra?.fault = nil } }
    let found = try desk.signed(.transactionEnd, begin: begin)
    #expect(try Self.payload(found).mark == "E")
  }

  @Test("Another session's end is not taken for this one's, whoever's it was, and whatever its register")
  func anotherSessionsEnd() throws {
    let desk = Desk()
    let begin = try desk.signed(.transactionBegin)
    _ = try desk.signed(.transactionEnd, begin: begin)
    desk.line.now = desk.line.now + .seconds(60)
    let next = try desk.signed(.transactionBegin)
    desk.restart()
    // Nobody has ended it: the meter was reset, and still shows the begin's set.
    desk.line.slave.iskra?.endWithoutSignature()
    #expect(desk.sign(.transactionEnd, begin: next) == .failed(number: 4, .refused), "the begin's own set")
    desk.line.now = desk.line.now + .seconds(60)
    let third = try desk.signed(.transactionBegin)
    _ = try desk.signed(.transactionEnd, begin: third)
    desk.restart()
    for former in [begin, next] {
      guard case .failed(_, .refused)? = desk.sign(.transactionEnd, begin: former) else {
        Issue.record("another session's end was taken")
        continue
      }
    }
    #expect(try desk.signed(.transactionEnd, begin: third).signedData.contains("\"TX\":\"E\""))
  }

  @Test("What another meter of the same make has signed is not taken")
  func anotherMetersEnd() throws {
    let desk = Desk()
    let begin = try desk.signed(.transactionBegin)
    _ = try desk.signed(.transactionEnd, begin: begin)
    desk.restart()
    var foreign = begin
    foreign.signedData = begin.signedData.replacing("\"MS\":\"", with: "\"MS\":\"9")
    #expect(desk.sign(.transactionEnd, begin: foreign) == .failed(number: 3, .refused))
    #expect(desk.sign(.transactionEnd) == .failed(number: 4, .refused), "without its begin it is anybody's")
  }

  @Test("After a kill a meter that has signed nothing, or has failed to, is no reason to wait")
  func nothingSignedBeforeKill() throws {
    let desk = Desk()
    let begin = try desk.signed(.transactionBegin)
    desk.restart()
    desk.line.slave.iskra?.endWithoutSignature()
    desk.line.slave.iskra?.failPower()
    let before = desk.line.now
    #expect(desk.sign(.transactionEnd, begin: begin) == .failed(number: 2, .refused))
    #expect(before.duration(to: desk.line.now) < .seconds(1))
  }

  // MARK: Requests that come again

  @Test("A request whose answer was lost is not commanded twice")
  func repeatedRequests() throws {
    let desk = Desk()
    let first = try desk.signed(.transactionBegin, isLost: true)
    let again = try desk.signed(.transactionBegin)
    #expect(first == again)
    #expect(desk.line.slave.iskra?.signedSets == 1)
    let end = try desk.signed(.transactionEnd, isLost: true)
    let endAgain = try desk.signed(.transactionEnd)
    #expect(end == endAgain)
    #expect(desk.line.slave.iskra?.signedSets == 2)
  }

  @Test("The same person's next begin is another, also when the meter was never told the end of the last")
  func nextBeginOfTheSamePerson() throws {
    let desk = Desk()
    _ = try desk.signed(.transactionBegin)
    desk.show(wattHours: 9_000)
    let begin = try desk.signed(.transactionBegin)
    #expect(begin.importRegister == Energy(wattHours: 9_000))
  }

  @Test("The set of an end that was taken is not that of the next session's end")
  func nextEndOfTheSamePerson() throws {
    let desk = Desk()
    _ = try desk.signed(.transactionBegin)
    _ = try desk.signed(.transactionEnd)
    #expect(desk.sign(.transactionEnd) == .failed(number: 3, .refused))
  }

  @Test("A begin that the meter failed to sign is begun anew when it is asked for again")
  func failedBegin() throws {
    let desk = Desk()
    desk.fault(.status(246))
    #expect(desk.sign(.transactionBegin) == .failed(number: 1, .refused))
    desk.fault(nil)
    desk.show(wattHours: 1_500)
    #expect(try desk.signed(.transactionBegin).importRegister == Energy(wattHours: 1_500))
  }

  // MARK: A line, a meter and a station that stand still

  @Test("Any one answer that is lost costs no session and no second command", arguments: 1...40)
  func oneLostAnswer(place: Int) throws {
    let desk = Desk()
    desk.line.isDeaf = { $0 == place }
    let begin = try desk.signed(.transactionBegin)
    #expect(begin.importRegister == Energy(wattHours: 1_000))
    #expect(desk.line.slave.iskra?.signedSets == 1)
  }

  @Test(
    "After an exchange that was given up nothing is asked while its answer may still come: it would be taken for that",
    arguments: 1...30)
  func waitsForTheLateAnswer(place: Int) throws {
    let desk = Desk()
    var limits = IskraSigning.Limits()
    limits.lateAnswer = .seconds(3)
    desk.signing = IskraSigning(device: 33, registersPerRequest: 60, limits: limits)
    var givenUp: MonotonicInstant?
    var waited: Duration?
    desk.line.isDeaf = { $0 == place }
    desk.line.before = { line in
      if line.exchanges == place {
        waited = givenUp?.duration(to: line.now)
      } else if line.exchanges + 1 == place {
        givenUp = line.now + .milliseconds(2)
      }
    }
    _ = try desk.signed(.transactionBegin)
    #expect(givenUp == nil || (waited ?? .zero) >= .seconds(3), "exchange \(place)")
  }

  @Test("A station that stands still for seconds before any one exchange is not refused", arguments: 1...40)
  func standStill(place: Int) throws {
    let desk = Desk()
    desk.line.before = { line in if line.exchanges + 1 == place { line.now = line.now + .seconds(9) } }
    _ = try desk.signed(.transactionBegin)
    #expect(desk.line.slave.iskra?.signedSets == 1)
  }

  @Test("A meter that is silent for five seconds while it signs has signed")
  func silentWhileSigning() throws {
    let desk = Desk()
    let end = desk.line.now + .seconds(5)
    desk.line.before = { line in
      let begun = line.slave.iskra?.state == 1
      line.isDeaf = { [now = line.now] _ in begun && now < end }
    }
    _ = try desk.signed(.transactionBegin)
    #expect(desk.line.now >= end)
  }

  @Test("A meter that falls silent in the middle fails the request in time, and signs when it speaks again")
  func silentInTheMiddle() throws {
    let desk = Desk()
    let begin = desk.line.now
    desk.line.before = { line in if line.slave.iskra?.state == 1 { line.isDeaf = { _ in true } } }
    #expect(desk.sign(.transactionBegin) == .failed(number: 1, .timedOut))
    #expect(begin.duration(to: desk.line.now) < .seconds(21))
    desk.line.before = { _ in }
    desk.line.isDeaf = { _ in false }
    _ = try desk.signed(.transactionBegin)
    #expect(desk.line.slave.iskra?.signedSets == 1, "the command was heard the first time")
  }

  @Test("A command that is followed late, but within its second, is followed")
  func ignoredCommand() throws {
    let desk = Desk()
    desk.fault(.ignoresCommands)
    let begin = desk.line.now
    #expect(desk.sign(.transactionBegin) == .failed(number: 1, .refused))
    #expect(begin.duration(to: desk.line.now) >= .seconds(1))
  }

  // MARK: Payloads

  @Test("The signed register is that of the payload's last reading")
  func signedRegister() {
    func read(_ text: String) -> OCMFPayload? { OCMFPayload(Array(text.utf8)) }
    let both = read(
      "{\"RD\":[{\"TX\":\"B\",\"RV\":1.5,\"RU\":\"kWh\"},{\"TX\":\"E\",\"RV\":12345.678,\"RU\":\"kWh\"}]}")
    #expect(both?.register == Energy(milliwattHours: 12_345_678_000))
    #expect(both?.mark == "E")
    // What a reading has in common with the one before is left out.
    #expect(
      read("{\"RD\":[{\"TX\":\"B\",\"RV\":1,\"RU\":\"Wh\"},{\"TX\":\"E\",\"RV\":7}]}")?.register == .init(wattHours: 7))
    #expect(read("{\"RD\":[{\"TX\":\"B\",\"RV\":7,\"RU\":\"MJ\"}]}")?.register == nil)
    #expect(read("{\"RD\":[{\"TX\":\"B\",\"RV\":-7,\"RU\":\"Wh\"}]}")?.register == nil)
    // What belongs to no reading is no register, whatever its name.
    #expect(read("{\"RV\":7,\"RU\":\"Wh\",\"RD\":[{\"TX\":\"B\"}]}")?.register == nil)
  }

  @Test(
    "What is no whole payload has no register",
    arguments: [
      "", "{", "[]", "{}", "{\"RD\":[]}", "{\"RD\":[7]}", "{\"RV\":7,\"RU\":\"Wh\"}",
      "{\"RD\":[{\"RV\":,\"RU\":\"Wh\"}]}",
      "{\"RD\":[{\"TX\":\"B\",\"RV\":1,\"RU\":\"kWh\"},{", "{\"RD\":[{\"TX\":\"B\",\"RV\":1,\"RU\":\"kWh\"}]} x",
    ])
  func brokenPayload(text: String) { #expect(OCMFPayload(Array(text.utf8)) == nil) }

  @Test("What is no UTF-8 is no payload")
  func strangeBytes() {
    #expect(OCMFPayload(Array("{\"ID\":\"".utf8) + [0xFF] + Array("\",\"RD\":[{\"TX\":\"B\"}]}".utf8)) == nil)
  }

  @Test("Every letter that OCMF has for an end is one, and no other")
  func marks() throws {
    for letter in ["B", "C", "X", "E", "L", "R", "A", "P", "S", "T"] {
      let payload = try #require(OCMFPayload(Array("{\"RD\":[{\"TX\":\"\(letter)\",\"RV\":1,\"RU\":\"Wh\"}]}".utf8)))
      #expect(payload.isSigned(for: .transactionBegin) == (letter == "B"))
      #expect(payload.isSigned(for: .transactionEnd) == ["E", "L", "R", "A", "P"].contains(letter))
    }
    let none = try #require(OCMFPayload(Array("{\"RD\":[{\"RV\":1,\"RU\":\"Wh\"}]}".utf8)))
    #expect(!none.isSigned(for: .transactionBegin) && !none.isSigned(for: .transactionEnd))
  }
}
