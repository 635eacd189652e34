import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Permit lease")
struct PermitTests {
  @Test("A renewed lease lets energy flow on without a switching")
  func renewal() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(for: .seconds(10))
    bench.vehicle(6)
    for _ in 0..<20 {
      bench.run(for: .seconds(5))
      bench.grant(for: .seconds(10))
    }
    #expect(bench.isClosed())
    #expect(bench.contactors.count == 1)
    #expect(bench.permitEnds().isEmpty)
  }

  @Test("Policy stop: when the lease runs out the offer is withdrawn, and the contactor opens 6 s later at the latest")
  func expiryStops() {
    let bench = Bench(Bench.station(policy: .stop))
    bench.vehicle(9)
    bench.grant(for: .seconds(30))
    let expiry = bench.now + .seconds(30)
    bench.vehicle(6)
    bench.run(until: expiry)
    #expect(bench.permitEnds() == [.leaseExpired])
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    #expect(bench.snapshot().blockers.contains(.permitExpired))
    bench.run(until: expiry + .seconds(6))
    #expect(!bench.isClosed())
  }

  @Test("Policy finishSession: energy goes on past the expiry until the vehicle stops, and does not come back")
  func expiryFinishes() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(for: .seconds(30))
    bench.vehicle(6)
    bench.run(for: .seconds(3_600))
    #expect(bench.isClosed())
    #expect(bench.permitEnds().isEmpty)
    bench.vehicle(9, settle: false)
    bench.now = bench.now + .milliseconds(30)
    bench.feed(.time)
    // Opening and the permit's end come in one call.
    #expect(!bench.isClosed())
    #expect(bench.permitEnds() == [.leaseExpired])
    bench.run(for: .seconds(1))
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed())
    #expect(bench.snapshot().permit == nil)
  }

  @Test("No policy lets a session begin on an expired permit", arguments: LeaseExpiryPolicy.allCases)
  func noBeginningOnExpired(policy: LeaseExpiryPolicy) {
    let bench = Bench(Bench.station(policy: policy))
    bench.vehicle(9)
    bench.grant(for: .seconds(5))
    bench.run(for: .seconds(5))
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(bench.closings == 0)
    #expect(bench.permitEnds() == [.leaseExpired])
  }

  @Test("A session that goes on past its expiry never goes past its energy budget")
  func budgetAfterExpiry() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(budget: 1_000, for: .seconds(30))
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    #expect(bench.isClosed())
    bench.register = bench.register + Energy(wattHours: 1_000)
    bench.run(for: .seconds(2))
    #expect(bench.permitEnds() == [.energyBudgetUsed])
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.run(for: .seconds(6))
    #expect(!bench.isClosed())
  }

  @Test("The budget counts the register's growth since the grant, whatever the register shows")
  func budget() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(budget: 500)
    bench.vehicle(6)
    bench.register = bench.register + Energy(wattHours: 499)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
    #expect(bench.permitEnds().isEmpty)
    bench.register = bench.register + Energy(wattHours: 1)
    bench.run(for: .seconds(2))
    #expect(bench.permitEnds() == [.energyBudgetUsed])
    // A renewal with the same budget brings nothing back, and is not told again.
    bench.grant(budget: 500)
    bench.run(for: .seconds(20))
    #expect(!bench.isClosed())
    #expect(bench.permitEnds() == [.energyBudgetUsed])
    // A greater one does.
    bench.grant(budget: 600)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
  }

  @Test("A revoked number is not revived by a renewal that was still on its way; a new number is")
  func revocation() {
    let bench = Bench()
    bench.charge()
    bench.revoke()
    bench.grant(number: 1)
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed())
    #expect(bench.snapshot().blockers.contains(.noPermit))
    bench.grant(number: 2)
    bench.run(for: .seconds(2))
    #expect(bench.isClosed())
  }

  @Test("A revocation ends a session that went on past its expiry")
  func revocationAfterExpiry() {
    let bench = Bench()
    bench.vehicle(9)
    bench.grant(for: .seconds(5))
    bench.vehicle(6)
    bench.run(for: .seconds(60))
    bench.revoke()
    bench.run(for: .seconds(6))
    #expect(!bench.isClosed())
  }

  @Test("The next vehicle does not charge on the permit of the one that has left")
  func nextVehicle() {
    let bench = Bench()
    bench.charge()
    bench.vehicle(12)
    bench.vehicle(9)
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(!bench.isClosed())
    #expect(bench.snapshot().blockers.contains(.noPermit))
    bench.grant(number: 1)
    bench.run(for: .seconds(1))
    #expect(bench.isClosed())
  }

  @Test("A shutdown withdraws the offer, opens in order and admits no new permit")
  func shutDown() {
    let bench = Bench()
    bench.charge()
    bench.feed(.command(.shutDown))
    #expect(bench.isClosed())
    #expect(bench.snapshot().pilotOutput == .steadyPositive)
    bench.vehicle(9)
    #expect(bench.control.isAllOpen)
    bench.grant(number: 7)
    bench.vehicle(6)
    bench.run(for: .seconds(10))
    #expect(bench.control.isAllOpen)
    #expect(bench.snapshot().blockers.contains(.shuttingDown))
  }
}
