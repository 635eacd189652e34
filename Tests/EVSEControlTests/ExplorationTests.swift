import ChargerBase
import EVSEControl
import HAL
import Testing

/// Every sequence of the listed inputs up to a depth, from a connector under charge and from an idle one.
@Suite("Exhaustive exploration of short sequences")
struct ExplorationTests {
  struct World: Hashable {
    var output = PilotOutput.steadyPositive
    var situation: StationControl.Situation
  }

  struct Node {
    var control: StationControl
    var output: PilotOutput
    var now: MonotonicInstant
  }

  enum Step: CaseIterable {
    case a, b, c, e, noDiode, feedbackOpen, feedbackClosed, grant, revoke, limitNone, limitBack, pilotSilent, pilotAlive
    case inoperative, operative, meter, filter, travel, sixSeconds, expiry
  }

  private let connector = ConnectorID(evse: EVSEID(1), number: 1)

  @Test("No sequence of four inputs breaks a safety rule", arguments: [false, true], LeaseExpiryPolicy.allCases)
  func explore(fromCharging: Bool, policy: LeaseExpiryPolicy) {
    let configuration = ControlConfiguration(
      evses: [
        EVSEControlConfiguration(
          id: EVSEID(1), connectors: [ConnectorControlConfiguration(id: connector, cable: .fixed)],
          maximumCurrent: Current(amperes: 16))
      ], leaseExpiry: policy)
    var effects = ControlEffects(for: configuration)
    var start = Node(
      control: StationControl(configuration: configuration, startingAt: .zero), output: .steadyPositive, now: .zero)
    var prefix: [Step] = [.feedbackOpen, .a, .meter, .filter]
    if fromCharging { prefix += [.b, .filter, .grant, .b, .c, .filter, .c, .feedbackClosed, .meter] }
    for step in prefix { take(step, &start, &effects) }
    #expect((start.control.snapshot(at: 0)?.contactorCommand == .closed) == fromCharging)

    var frontier = [start]
    var seen: Set<World> = []
    for depth in 1...4 {
      var next: [Node] = []
      for node in frontier {
        for step in Step.allCases {
          var node = node
          take(step, &node, &effects)
          guard seen.insert(World(output: node.output, situation: node.control.situation)).inserted else { continue }
          if let violation = violation(node) {
            Issue.record("\(violation) after \(step) at depth \(depth)")
            return
          }
          next.append(node)
        }
      }
      frontier = next
    }
    #expect(seen.count > 1_000)
  }

  private func take(_ step: Step, _ node: inout Node, _ effects: inout ControlEffects) {
    switch step {
    case .a: pilot(12, &node, &effects)
    case .b: pilot(9, &node, &effects)
    case .c: pilot(6, &node, &effects)
    case .e: pilot(0, &node, &effects)
    case .noDiode: pilot(6, hasDiode: false, &node, &effects)
    case .feedbackOpen:
      feed(.contactorFeedback(connector: 0, ContactorFeedback(position: .open, takenAt: node.now)), &node, &effects)
    case .feedbackClosed:
      feed(.contactorFeedback(connector: 0, ContactorFeedback(position: .closed, takenAt: node.now)), &node, &effects)
    case .grant:
      let permit = EnergyPermit(
        number: 1, reason: .authorized, energyBudget: nil, expiry: node.now + .seconds(8))
      feed(.command(.grant(connector, permit)), &node, &effects)
    case .revoke: feed(.command(.revoke(connector)), &node, &effects)
    case .limitNone: feed(.command(.limit(EVSEID(1), source: .external, .zero)), &node, &effects)
    case .limitBack: feed(.command(.limit(EVSEID(1), source: .external, nil)), &node, &effects)
    case .pilotSilent: feed(.health(.pilot(connector: 0), .silent(since: node.now)), &node, &effects)
    case .pilotAlive: feed(.health(.pilot(connector: 0), .alive), &node, &effects)
    case .inoperative: feed(.command(.setOperative(connector, false)), &node, &effects)
    case .operative: feed(.command(.setOperative(connector, true)), &node, &effects)
    case .meter:
      feed(.meter(evse: 0, MeterReading(takenAt: node.now, importRegister: .zero)), &node, &effects)
    case .filter: pass(.milliseconds(30), &node, &effects)
    case .travel: pass(.milliseconds(250), &node, &effects)
    case .sixSeconds: pass(.seconds(6), &node, &effects)
    case .expiry: pass(.seconds(9), &node, &effects)
    }
  }

  private func pilot(_ volts: Int64, hasDiode: Bool = true, _ node: inout Node, _ effects: inout ControlEffects) {
    let isOffer = node.output.offersCurrent
    let low = isOffer ? Voltage(volts: hasDiode ? -12 : -volts) : nil
    let high = node.output == .steadyNegative ? -12 : volts
    feed(
      .pilot(
        connector: 0, PilotMeasurement(positivePeak: Voltage(volts: high), negativePeak: low, takenAt: node.now)),
      &node, &effects)
  }

  private func pass(_ span: Duration, _ node: inout Node, _ effects: inout ControlEffects) {
    let end = node.now + span
    while node.control.nextDeadline <= end {
      node.now = node.control.nextDeadline
      feed(.time, &node, &effects)
    }
    node.now = end
    feed(.time, &node, &effects)
  }

  private func feed(_ input: ControlInput, _ node: inout Node, _ effects: inout ControlEffects) {
    effects.removeAll()
    node.control.handle(input, at: node.now, into: &effects)
    if let output = effects.outputs.first?.pilot { node.output = output }
  }

  private func violation(_ node: Node) -> String? {
    guard let snapshot = node.control.snapshot(at: 0), let machine = node.control.machines.first else { return "lost" }
    if snapshot.pilotOutput != node.output { return "an output was not applied" }
    guard snapshot.contactorCommand == .closed else { return nil }
    if snapshot.pilotState != .c { return "closed in state \(snapshot.pilotState)" }
    if !snapshot.blockers.isDisjoint(with: EnergyConditions.openingAtOnce) {
      return "closed although \(snapshot.blockers)"
    }
    if machine.pilot.diode != .present { return "closed without a diode" }
    if node.output.offersCurrent {
      if !machine.permit.isInForce { return "energy without a permit" }
    } else if machine.withdrawnAt.map({ node.now - $0 >= .seconds(6) }) ?? true {
      return "closed long after the withdrawal"
    }
    return nil
  }
}
