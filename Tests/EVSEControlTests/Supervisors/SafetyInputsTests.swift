import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Safety inputs")
struct SafetyInputsTests {
  private let timing = TimingTable()
  private let one = EVSEID(1)
  private let two = EVSEID(2)

  private func inputs(_ configuration: SafetyInputConfiguration..., read: Bool = true) -> SafetyInputs {
    var inputs = SafetyInputs(configuration, at: .zero)
    for place in configuration.indices where read { show(false, place, &inputs) }
    return inputs
  }

  private func show(_ isActive: Bool, _ place: Int, _ inputs: inout SafetyInputs) {
    inputs.take(SafetyInputState(isActive: isActive, takenAt: .zero), input: place)
  }

  @Test(
    "An active contact is its fault in the same call; all but tilt end with it",
    arguments: [
      (SafetyInputKind.emergencyStop, ControlFault.emergencyStop), (.door, .doorOpen), (.tilt, .tilted),
      (.mainsLoss, .mainsLost),
    ])
  func kinds(kind: SafetyInputKind, fault: ControlFault) {
    var inputs = inputs(SafetyInputConfiguration(kind: kind))
    #expect(inputs.faults(for: one).isEmpty)
    show(true, 0, &inputs)
    #expect(inputs.faults(for: one) == FaultSet(fault))
    #expect(inputs.faults(for: two) == FaultSet(fault))
    #expect(inputs.isMainsPresent(for: one) == (kind != .mainsLoss))
    show(false, 0, &inputs)
    #expect(inputs.faults(for: one) == (kind == .tilt ? FaultSet(.tilted) : []))
  }

  @Test("An input of one EVSE concerns that EVSE alone")
  func ownEVSE() {
    var inputs = inputs(
      SafetyInputConfiguration(kind: .door, evse: EVSEID(2)),
      SafetyInputConfiguration(kind: .mainsLoss, evse: EVSEID(1)))
    show(true, 0, &inputs)
    show(true, 1, &inputs)
    #expect(inputs.faults(for: one) == FaultSet(.mainsLost))
    #expect(inputs.faults(for: two) == FaultSet(.doorOpen))
    #expect(!inputs.isMainsPresent(for: one))
    #expect(inputs.isMainsPresent(for: two))
  }

  @Test("Tilt stays until service clears it, and service does not clear one that is still tilted")
  func tilt() {
    var inputs = inputs(SafetyInputConfiguration(kind: .tilt))
    show(true, 0, &inputs)
    inputs.clearFaults(for: one)
    show(false, 0, &inputs)
    #expect(inputs.faults(for: one) == FaultSet(.tilted))
    inputs.clearFaults(for: one)
    #expect(inputs.faults(for: one).isEmpty)
  }

  @Test("Tilt outlasts its driver's silence")
  func tiltAndSilence() {
    var inputs = inputs(SafetyInputConfiguration(kind: .tilt))
    show(true, 0, &inputs)
    inputs.setAlive(false, input: 0, at: .zero)
    inputs.clearFaults(for: one)
    #expect(inputs.faults(for: one) == [FaultSet(.tilted), FaultSet(.safetyInputSilent)])
  }

  @Test("A silent input is a fault at once, says nothing else, and may be relied on again when it is read again")
  func silence() {
    var inputs = inputs(SafetyInputConfiguration(kind: .mainsLoss))
    show(true, 0, &inputs)
    inputs.setAlive(false, input: 0, at: .zero)
    #expect(inputs.faults(for: one) == FaultSet(.safetyInputSilent))
    #expect(!inputs.areReadable(for: one))
    #expect(inputs.isMainsPresent(for: one))
    show(true, 0, &inputs)
    #expect(inputs.faults(for: one) == FaultSet(.safetyInputSilent))
    inputs.setAlive(true, input: 0, at: .zero)
    #expect(inputs.faults(for: one).isEmpty)
    #expect(!inputs.areReadable(for: one))
    show(false, 0, &inputs)
    #expect(inputs.areReadable(for: one))
  }

  @Test("An input that was never read lets nothing flow, and is silent after half a second")
  func neverRead() {
    var inputs = inputs(SafetyInputConfiguration(kind: .emergencyStop), read: false)
    #expect(!inputs.areReadable(for: one))
    inputs.evaluate(at: .zero + .milliseconds(499), timing: timing)
    #expect(inputs.faults(for: one).isEmpty)
    var deadline = Deadline(after: .zero)
    inputs.deadlines(&deadline, timing: timing)
    #expect(deadline.soonest == .zero + .milliseconds(500))
    inputs.evaluate(at: deadline.soonest, timing: timing)
    #expect(inputs.faults(for: one) == FaultSet(.safetyInputSilent))
  }

  @Test("Places that the station does not have are nothing")
  func strangePlaces() {
    var inputs = inputs(SafetyInputConfiguration(kind: .door))
    for place in [-1, 1, Int.max] {
      show(true, place, &inputs)
      inputs.setAlive(false, input: place, at: .zero)
    }
    #expect(inputs.faults(for: one).isEmpty)
  }
}
