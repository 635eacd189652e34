import ChargerBase
import EVSEControl
import HAL
import Testing

@testable import Station

@Suite("Reasons with their numbers")
struct ReasonNumberTests {
  private func amperes(_ value: Int64) -> Current { Current(amperes: value) }

  @Test(
    "The limit that wins is told with who set it",
    arguments: [
      (LimitSource.external, "ems", "The energy manager \"ems\" allows 4 A, a vehicle needs 6 A."),
      (.external, "", "The external input allows 4 A, a vehicle needs 6 A."),
      (.supply, "", "This EVSE's share of the common supply is 4 A, a vehicle needs 6 A."),
      (.chargingProfile, "", "The operator's charging profile allows 4 A, a vehicle needs 6 A."),
      (.installer, "", "The installer has allowed 4 A, a vehicle needs 6 A."),
      (.evse, "", "The EVSE's configuration allows 4 A, a vehicle needs 6 A."),
      (.cable, "", "The cable is rated 4 A, a vehicle needs 6 A."),
      (.hardware, "", "The EVSE's hardware carries 4 A, a vehicle needs 6 A."),
      (.board, "", "The connector's board carries 4 A, a vehicle needs 6 A."),
    ])
  func limits(_ source: LimitSource, _ owner: String, _ text: String) throws {
    let bench = ExplanationBench(.limitBelowMinimum).limited(source, owner, to: amperes(4))
    let reason = try #require(bench.answer.reasons.first)
    #expect(reason.text == text)
    #expect(reason.number("limitA") == 4 && reason.number("neededA") == 6)
    #expect(reason.name("source") == "\(source)")
    #expect(reason.name("owner") == (owner.isEmpty ? nil : owner))
    #expect(bench.answer.limits.count == 2)
  }

  @Test("Heat is told with the temperature, a power as it was set, a limit that lapses with its time")
  func more() throws {
    let hot = ExplanationBench(.limitBelowMinimum).limited(.temperature, to: .zero).with {
      $0.snapshot.details.temperature = Temperature(thousandths: 78_500)
    }
    #expect(hot.text == "The post is hot (78.5 °C) and gives 0 A, a vehicle needs 6 A.")
    let power = ExplanationBench(.limitBelowMinimum).limited(
      .external, "grid", to: Current(milliamperes: 3_623), as: .total(Power(watts: 2_500)), expiresIn: .seconds(55))
    #expect(power.text == "The energy manager \"grid\" allows 3.6 A (2500 W in all), a vehicle needs 6 A.")
    let reason = try #require(power.answer.reasons.first)
    #expect(reason.remedy.hasPrefix("It lapses by itself in 55 s"))
    #expect(reason.number("expiresInS") == 55)
  }

  @Test("A delay is told with what is left of it, rounded up")
  func delays() throws {
    for (blocker, code) in [(EnergyBlockers.startDelayed, "startDelayed"), (.mainsReturning, "mainsReturning")] {
      let bench = ExplanationBench(blocker).with {
        $0.snapshot.details.startsAt = ExplanationBench.now + .milliseconds(7_200)
      }
      #expect(bench.codes == [code])
      #expect(bench.text.contains("in 8 s"))
      #expect(bench.answer.reasons.first?.number("remainingS") == 8)
      #expect(!ExplanationBench(blocker).text.contains("0 s"), "without a known end no number is made up")
    }
  }

  @Test("The lock and the residual current test are told by their state")
  func states() {
    let locking = ExplanationBench(.lockNotConfirmed).with {
      $0.snapshot.details.lock = .unlocked
      $0.snapshot.details.isLockWanted = true
    }
    #expect(locking.text == "The plug is being locked and is not confirmed locked yet.")
    #expect(locking.answer.reasons.first?.name("lock") == "unlocked")
    #expect(ExplanationBench(.lockNotConfirmed).text == "The lock has not told its position yet.")
    let testing = ExplanationBench(.residualCurrentUntested).with { $0.snapshot.details.residualCurrent = .testing }
    #expect(testing.text == "The residual current protection is being tested before the session.")
    #expect(ExplanationBench(.residualCurrentUntested).text.contains("has not answered"))
  }

  @Test("A vehicle that does not ask is told with what it is offered")
  func vehicle() {
    let offered = ExplanationBench(.vehicleNotReady).with { $0.snapshot.offeredCurrent = Current(amperes: 16) }
    #expect(offered.text == "The vehicle is plugged in but does not ask for energy, although it is offered 16 A.")
    let unread = ExplanationBench(.vehicleNotReady).with { $0.snapshot.pilotState = .f }
    #expect(unread.text == "The vehicle's state cannot be read from the pilot.")
  }

  @Test("A contactor that rests is told from one that moves")
  func contactor() {
    #expect(ExplanationBench(.contactorMoving).text == "The contactor rests for 1 s before it may close again.")
    let moving = ExplanationBench(.contactorMoving).with { $0.snapshot.contactorCommand = .closed }
    #expect(moving.text == "The contactor is switching.")
  }

  @Test("Faults of voltage, heat and current carry what was measured")
  func measured() {
    func number(_ fault: ControlFault, _ name: String) -> Decimal? {
      ExplanationBench(.faulted, faults: FaultSet(fault)).with {
        $0.snapshot.details.voltage = Voltage(volts: 280)
        $0.snapshot.details.temperature = Temperature(celsius: 85)
        $0.snapshot.details.measuredCurrent = Current(amperes: 25)
      }.answer.reasons.first?.number(name)
    }
    #expect(number(.overVoltage, "voltageV") == 280)
    #expect(number(.overTemperature, "temperatureC") == 85)
    #expect(number(.overCurrent, "measuredA") == 25)
    #expect(number(.meterSilent, "voltageV") == nil)
  }

  // MARK: While it charges

  @Test("Charging at less than the vehicle could: the limit that wins is named")
  func limitedCharging() throws {
    let bench = ExplanationBench.charging(offered: amperes(10), measured: Current(milliamperes: 9_900))
      .limited(.external, "ems", to: amperes(10))
    let reason = try #require(bench.answer.current)
    #expect(reason.code == "external")
    #expect(reason.text == "The vehicle is offered 10 A because the energy manager \"ems\" allows 10 A.")
    #expect(reason.number("limitA") == 10 && reason.number("measuredA") == Decimal("9.9"))
  }

  @Test("A vehicle that takes less than it is offered decides for itself")
  func ownChoice() throws {
    let bench = ExplanationBench.charging(offered: amperes(16), measured: Current(milliamperes: 7_900))
    let reason = try #require(bench.answer.current)
    #expect(reason.code == "vehicleDecides")
    #expect(reason.text == "The vehicle takes 7.9 A of the 16 A that it is offered.")
  }

  @Test("One phase is told")
  func onePhase() {
    let bench = ExplanationBench.charging(offered: amperes(16), measured: amperes(16)).with {
      $0.snapshot.details.phases = 1
    }
    #expect(
      bench.answer.current?.text == "The vehicle is offered 16 A on one phase because the EVSE's hardware carries 16 A."
    )
  }
}
