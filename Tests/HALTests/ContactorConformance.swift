import ChargerBase
import HAL
import SimulatedWorld
import Testing

private let connector = ConnectorID(evse: EVSEID(1), number: 1)

@Suite("Contactor", .serialized)
struct ContactorConformance {
  @Test("Contactor 1: open before the first command and after the driver is given up", arguments: RigKind.allCases)
  func openAtBothEnds(kind: RigKind) throws {
    let rig = try kind.make()
    do {
      let contactor = rig.drivers.contactor(for: connector)
      #expect(contactor.feedback == nil, "nothing has been read yet")
      #expect(rig.serve([contactor], for: .seconds(2)) { contactor.feedback?.position == .open })
      contactor.command(.closed)
      #expect(rig.serve([contactor], for: .seconds(2)) { contactor.feedback?.position == .closed })
    }
    #expect(try rig.serve([], for: .seconds(2)) { try rig.look { $0.isContactorClosed(of: connector) } == false })
  }

  @Test("Contactor 2: a command reaches the coil at once, and repeating it is harmless", arguments: RigKind.allCases)
  func command(kind: RigKind) throws {
    let rig = try kind.make()
    let contactor = rig.drivers.contactor(for: connector)
    rig.serve([contactor], for: .seconds(2)) { contactor.feedback != nil }
    let since = rig.now
    contactor.command(.closed)
    contactor.command(.closed)
    #expect(
      try rig.serve([contactor], for: .seconds(2)) { try rig.look { $0.isContactorClosed(of: connector) } == true })
    #expect(since.duration(to: rig.now) <= kind.tolerance(.milliseconds(50)), "10 ms and 40 ms of travel")
    contactor.command(.closed)
    rig.serve([contactor], for: .milliseconds(200))
    #expect(contactor.feedback?.position == .closed)
  }

  @Test("Contactor 3: feedback is the auxiliary contact's, never an echo of the command", arguments: RigKind.allCases)
  func noEcho(kind: RigKind) throws {
    let rig = try kind.make()
    let contactor = rig.drivers.contactor(for: connector)
    rig.serve([contactor], for: .seconds(2)) { contactor.feedback != nil }
    try rig.act(.fault(FaultPlace(connector), .contactorStuck, active: true))
    contactor.command(.closed)
    rig.serve([contactor], for: .milliseconds(300))
    #expect(contactor.feedback?.position == .open)
    try rig.act(.fault(FaultPlace(connector), .contactorStuck, active: false))
    #expect(rig.serve([contactor], for: .seconds(2)) { contactor.feedback?.position == .closed })
    try rig.act(.fault(FaultPlace(connector), .contactorWelded, active: true))
    contactor.command(.open)
    rig.serve([contactor], for: .milliseconds(300))
    #expect(contactor.feedback?.position == .closed)
  }

  @Test("Contactor 4: a change of the auxiliary contact is readable within 20 ms", arguments: RigKind.allCases)
  func feedbackIsFresh(kind: RigKind) throws {
    let rig = try kind.make()
    let contactor = rig.drivers.contactor(for: connector)
    rig.serve([contactor], for: .seconds(2)) { contactor.feedback != nil }
    let since = rig.now
    try rig.act(.fault(FaultPlace(connector), .contactorWelded, active: true))
    #expect(rig.serve([contactor], for: .seconds(2)) { contactor.feedback?.position == .closed })
    #expect(since.duration(to: rig.now) <= kind.tolerance(.milliseconds(20)))
    #expect((contactor.feedback?.takenAt ?? .zero) >= since)
  }

  @Test("ControlLaneDriver 4: a silent auxiliary contact is told after 500 ms", arguments: RigKind.allCases)
  func silence(kind: RigKind) throws {
    let rig = try kind.make()
    let contactor = rig.drivers.contactor(for: connector)
    rig.serve([contactor], for: .seconds(2)) { contactor.feedback != nil }
    try rig.act(.fault(FaultPlace(connector), .contactorSilent, active: true))
    rig.serve([contactor], for: .milliseconds(300))
    #expect(contactor.health == .alive)
    #expect(rig.serve([contactor], for: .seconds(2)) { contactor.health != .alive })
    #expect((contactor.feedback?.takenAt ?? rig.now).duration(to: rig.now) >= .milliseconds(500))
    try rig.act(.fault(FaultPlace(connector), .contactorSilent, active: false))
    #expect(rig.serve([contactor], for: .seconds(2)) { contactor.health == .alive })
  }
}
