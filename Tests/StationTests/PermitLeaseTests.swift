import ChargerBase
import EVSEControl
import OCPPCore
import Testing

@testable import Station

private let connector = ConnectorID(evse: EVSEID(1), number: 1)
private let other = ConnectorID(evse: EVSEID(2), number: 1)

private func instant(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

@Suite("DESIGN §1.3: energy flows under a lease that this lane renews")
struct PermitLeaseTests {
  @Test("A grant runs out by itself one lease later")
  func grantExpires() {
    var leases = PermitLeases(length: .seconds(30))
    let permit = leases.grant(
      EnergyGrant(number: 1, reason: .authorized, energyBudget: 500), to: connector, at: instant(10))
    #expect(permit.expiry == instant(40))
    #expect(permit.energyBudget == Energy(wattHours: 500))
  }

  @Test("A lease is renewed after a third of its length, with the same number")
  func renewal() {
    var leases = PermitLeases(length: .seconds(30))
    _ = leases.grant(EnergyGrant(number: 7, reason: .remoteStart), to: connector, at: instant(0))
    #expect(leases.nextRenewal == instant(10))
    #expect(leases.renew(at: instant(9)).isEmpty)
    let renewed = leases.renew(at: instant(10))
    #expect(renewed.count == 1)
    #expect(renewed.first?.1.number == 7)
    #expect(renewed.first?.1.expiry == instant(40))
  }

  @Test("A revoked or ended lease is not renewed")
  func ended() {
    var leases = PermitLeases(length: .seconds(30))
    _ = leases.grant(EnergyGrant(number: 1, reason: .authorized), to: connector, at: instant(0))
    _ = leases.grant(EnergyGrant(number: 2, reason: .authorized), to: other, at: instant(0))
    leases.end(at: connector)
    #expect(leases.renew(at: instant(10)).map(\.0) == [other])
    leases.end(at: other)
    #expect(leases.nextRenewal == .distantFuture)
  }
}

@Suite("Commands to the control lane")
struct PendingCommandTests {
  @Test("A revocation that finds the queue full is offered again until it is taken")
  func fullQueueLosesNothing() {
    var commands = PendingCommands()
    commands.append(.revoke(connector))
    commands.flush(at: instant(0)) { _ in false }
    #expect(!commands.isEmpty)
    #expect(commands.retryAt > instant(0) && commands.retryAt < instant(1))
    var taken: [ControlCommand] = []
    commands.flush(at: commands.retryAt) { command in
      taken.append(command)
      return true
    }
    #expect(taken == [.revoke(connector)])
    #expect(commands.retryAt == .distantFuture)
  }

  @Test("A revocation takes the place of a grant that has not been taken yet, so that no energy follows it")
  func revocationReplacesGrant() {
    var commands = PendingCommands()
    let permit = EnergyPermit(number: 1, reason: .authorized, energyBudget: nil, expiry: instant(30))
    commands.append(.grant(connector, permit))
    commands.append(.grant(other, permit))
    commands.append(.revoke(connector))
    var taken: [ControlCommand] = []
    commands.flush(at: instant(0)) { command in
      taken.append(command)
      return true
    }
    #expect(taken == [.grant(other, permit), .revoke(connector)])
  }

  @Test("The list stays short, however often the same thing is said while the queue is full")
  func bounded() {
    var commands = PendingCommands()
    for _ in 0..<10_000 {
      commands.append(.setOperative(connector, true))
      commands.append(.setOperative(connector, false))
    }
    var count = 0
    commands.flush(at: instant(0)) { _ in
      count += 1
      return true
    }
    #expect(count == 1)
  }
}
