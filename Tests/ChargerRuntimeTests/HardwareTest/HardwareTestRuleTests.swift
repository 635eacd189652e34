import ChargerBase
import ChargerRuntime
import EVSEControl
import HAL
import Testing

@Suite("Hardware test: when an output may be moved")
struct HardwareTestRuleTests {
  private let now = MonotonicInstant(nanoseconds: 60_000_000_000)

  private func view(volts: Int64 = 12, ageMilliseconds: Int64 = 0, isAlive: Bool = true) -> HardwareTestRule.View {
    HardwareTestRule.View(
      pilot: PilotMeasurement(
        positivePeak: Voltage(volts: volts), negativePeak: nil,
        takenAt: MonotonicInstant(nanoseconds: now.nanoseconds - ageMilliseconds * 1_000_000)),
      isPilotAlive: isAlive)
  }

  private func refusal(_ view: HardwareTestRule.View, testsMonitor: Bool = false) -> HardwareTestRefusal? {
    HardwareTestRule.refusal(
      view, at: now, timing: TimingTable(), thresholds: PilotThresholds(), testsMonitor: testsMonitor)
  }

  @Test("Only an open pilot circuit lets anything move", arguments: [12, 9, 6, 3, 0, -12] as [Int64])
  func vehicle(volts: Int64) {
    let states: [Int64: PilotState] = [9: .b, 6: .c, 3: .d, 0: .e, -12: .f]
    #expect(refusal(view(volts: volts)) == states[volts].map { .vehicle($0) })
  }

  @Test("A pilot that is silent, was never measured, or was measured too long ago, lets nothing move")
  func silentPilot() {
    #expect(refusal(view(isAlive: false)) == .pilotSilent)
    #expect(refusal(HardwareTestRule.View(pilot: nil, isPilotAlive: true)) == .pilotSilent)
    #expect(refusal(view(ageMilliseconds: 500)) == nil)
    #expect(refusal(view(ageMilliseconds: 501)) == .pilotSilent)
  }

  @Test("A safety input that is active or not read lets nothing move", arguments: SafetyInputKind.allCases)
  func safetyInputs(kind: SafetyInputKind) {
    var view = view()
    view.inputs = [HardwareTestRule.View.Input(kind: kind, isActive: false)]
    #expect(refusal(view) == nil)
    view.inputs = [HardwareTestRule.View.Input(kind: kind, isActive: true)]
    #expect(refusal(view) == .safetyInput(kind))
    view.inputs = [HardwareTestRule.View.Input(kind: kind, isActive: nil)]
    #expect(refusal(view) == .safetyInputSilent(kind))
  }

  @Test("A residual current monitor that has tripped or is not read lets nothing move; in its own test it may trip")
  func residualCurrent() {
    var view = view()
    view.residualCurrent = .good
    #expect(refusal(view) == nil)
    view.residualCurrent = .tripped
    #expect(refusal(view) == .residualCurrentTripped)
    #expect(refusal(view, testsMonitor: true) == nil)
    view.residualCurrent = .silent
    #expect(refusal(view) == .residualCurrentSilent)
    #expect(refusal(view, testsMonitor: true) == .residualCurrentSilent)
  }
}

@Suite("Hardware test: one movement of one output")
struct OutputToggleTests {
  /// Runs a toggle in cycles of 5 ms against a contact; answers the outcome and how long it was moved, in ms.
  private func run(
    hold: Duration = .milliseconds(500), endsWhenShown: Bool = false,
    contact: (_ isMoved: Bool, _ at: Int64) -> Bool?, refusal: (Int64) -> HardwareTestRefusal? = { _ in nil }
  ) -> (outcome: OutputToggle.Outcome?, movedMilliseconds: Int64) {
    var toggle = OutputToggle(
      hold: hold, travel: .milliseconds(250), endsWhenShown: endsWhenShown, at: MonotonicInstant(nanoseconds: 0))
    var isMoved = false
    var moved: Int64 = 0
    for at in stride(from: Int64(0), through: 20_000, by: 5) {
      isMoved = toggle.advance(
        refusal: refusal(at), isShown: contact(isMoved, at), at: MonotonicInstant(nanoseconds: at * 1_000_000))
      if isMoved { moved += 5 }
      if toggle.outcome != nil { break }
    }
    return (toggle.outcome, moved)
  }

  @Test("A contact that follows both ways worked, and the output was moved for the time that was asked for")
  func works() {
    let result = run { isMoved, _ in isMoved }
    #expect(result.outcome == .worked)
    #expect(result.movedMilliseconds == 500)
  }

  @Test("One that need not stay goes back as soon as its contact has followed")
  func endsEarly() {
    let result = run(endsWhenShown: true) { isMoved, _ in isMoved }
    #expect(result.outcome == .worked)
    #expect(result.movedMilliseconds < 50)
  }

  @Test("A welded contactor is found before anything is moved")
  func welded() {
    let result = run { _, _ in true }
    #expect(result.outcome == .notAtRest)
    #expect(result.movedMilliseconds == 0)
  }

  @Test("One that welds in the test, one that does not move and one that is not read are told apart")
  func faults() {
    var wasMoved = false
    let weldsNow = run { isMoved, _ in
      wasMoved = wasMoved || isMoved
      return wasMoved
    }
    #expect(weldsNow.outcome == .didNotReturn)
    #expect(run { _, _ in false }.outcome == .didNotMove)
    #expect(run { _, _ in nil }.outcome == .silent)
  }

  @Test("What the rule refuses is not moved; the reason is told")
  func refused() {
    let result = run(contact: { isMoved, _ in isMoved }, refusal: { _ in .vehicle(.b) })
    #expect(result.outcome == .refused(.vehicle(.b)))
    #expect(result.movedMilliseconds == 0)
  }

  @Test("A car that is plugged in meanwhile ends it in that cycle")
  func interrupted() {
    let result = run(contact: { isMoved, _ in isMoved }, refusal: { $0 >= 200 ? .vehicle(.b) : nil })
    #expect(result.outcome == .interrupted(.vehicle(.b)))
    #expect(result.movedMilliseconds == 100)
  }

  @Test("A contact that is read late, and a pilot that comes late, are waited for; who has gone is not")
  func waits() {
    #expect(run { isMoved, at in at < 3_000 ? nil : isMoved }.outcome == .worked)
    #expect(run(contact: { isMoved, _ in isMoved }, refusal: { $0 < 3_000 ? .pilotSilent : nil }).outcome == .worked)
    #expect(
      run(contact: { isMoved, _ in isMoved }, refusal: { $0 < 3_000 ? .vehicle(.b) : nil }).outcome
        == .refused(.vehicle(.b)))
    #expect(
      run(contact: { isMoved, _ in isMoved }, refusal: { $0 < 500 ? .clientGone : nil }).outcome
        == .refused(.clientGone))
  }

  @Test("Nothing moves before the rule has allowed it for a while without a gap")
  func settles() {
    let result = run(contact: { isMoved, _ in isMoved }, refusal: { $0 % 50 == 0 ? .pilotSilent : nil })
    #expect(result.outcome == .refused(.pilotSilent))
    #expect(result.movedMilliseconds == 0)
  }
}

@Suite("Hardware test: the pilot's three signals")
struct PilotProbeTests {
  private func run(
    refusal: @escaping (Int64) -> HardwareTestRefusal? = { _ in nil },
    _ measure: (PilotOutput) -> (high: Int64, low: Int64?)?
  ) -> PilotProbe {
    run(refusal: refusal) { output, _ in measure(output) }
  }

  /// - Parameter measure: by the signal and how long it has been there, in ms.
  private func run(
    refusal: @escaping (Int64) -> HardwareTestRefusal? = { _ in nil },
    late measure: (PilotOutput, Int64) -> (high: Int64, low: Int64?)?
  ) -> PilotProbe {
    var probe = PilotProbe(thresholds: PilotThresholds(), at: MonotonicInstant(nanoseconds: 0))
    var output = PilotOutput.steadyPositive
    var since: Int64 = 0
    for at in stride(from: Int64(0), through: 30_000, by: 5) {
      let now = MonotonicInstant(nanoseconds: at * 1_000_000)
      let measurement = measure(output, at - since).map {
        PilotMeasurement(
          positivePeak: Voltage(volts: $0.high), negativePeak: $0.low.map { Voltage(volts: $0) }, takenAt: now)
      }
      let next = probe.advance(refusal: refusal(at), measurement: measurement, at: now)
      if next != output { since = at }
      output = next
      if probe.outcome != nil { break }
    }
    #expect(output == .steadyPositive)
    return probe
  }

  private static func open(_ output: PilotOutput) -> (high: Int64, low: Int64?)? {
    switch output {
    case .steadyPositive: (12, nil)
    case .pulseWidth: (12, -12)
    case .steadyNegative: (-12, nil)
    }
  }

  @Test("An open circuit shows +12 V, ±12 V and −12 V, and the pilot is steady again")
  func works() {
    let probe = run { Self.open($0) }
    #expect(probe.outcome == .worked)
    #expect([probe.steady, probe.high, probe.low, probe.negative] == [12, 12, -12, -12].map { Voltage(volts: $0) })
  }

  @Test("A low part that is missing, a pilot that cannot go negative and one that is not measured are told")
  func faults() {
    #expect(run { if case .pulseWidth = $0 { (12, -3) } else { Self.open($0) } }.outcome == .wrongLow)
    #expect(run { $0 == .steadyNegative ? (12, nil) : Self.open($0) }.outcome == .wrongNegative)
    #expect(run { $0 == .steadyPositive ? (12, nil) : nil }.outcome == .wrongHigh)
    var wasNegative = false
    let stays = run { output in
      wasNegative = wasNegative || output == .steadyNegative
      return wasNegative ? (-12, nil) : Self.open(output)
    }
    #expect(stays.outcome == .staysNegative)
  }

  @Test(
    "A controller that is slow to change its signal, or to measure it, is waited for, and is at +12 V again at the end")
  func slow() {
    // What was there before is shown meanwhile, or nothing.
    var before = PilotOutput.steadyPositive
    var shown = PilotOutput.steadyPositive
    let lagging = run { output, milliseconds in
      if milliseconds == 0 { before = shown }
      shown = milliseconds < 2_000 ? before : output
      return Self.open(shown)
    }
    #expect(lagging.outcome == .worked)
    #expect([lagging.high, lagging.low, lagging.negative] == [12, -12, -12].map { Voltage(volts: $0) })
    #expect(shown == .steadyPositive)
    #expect(run { output, milliseconds in milliseconds < 2_000 ? nil : Self.open(output) }.outcome == .worked)
  }

  @Test("A pilot that is still in state F, as its controller leaves it at its start, gets time to leave it")
  func begins() {
    #expect(run(refusal: { $0 < 4_500 ? .vehicle(.f) : nil }) { Self.open($0) }.outcome == .worked)
    #expect(run(refusal: { _ in .vehicle(.f) }) { Self.open($0) }.outcome == .refused(.vehicle(.f)))
  }

  @Test("With a car there, no signal is changed; one that comes meanwhile ends it")
  func vehicle() {
    #expect(run(refusal: { _ in .vehicle(.b) }) { Self.open($0) }.outcome == .refused(.vehicle(.b)))
    #expect(
      run(refusal: { $0 >= 400 ? .vehicle(.b) : nil }) { Self.open($0) }.outcome == .interrupted(.vehicle(.b)))
  }
}
