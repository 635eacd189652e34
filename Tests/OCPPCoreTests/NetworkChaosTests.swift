import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@Suite("Whatever the network and its profiles do, in any order")
struct NetworkChaosTests {
  private struct Dice {
    var generator: SeededRandom
    mutating func roll(_ sides: Int) -> Int { Int(generator.next() % UInt64(sides)) }
  }

  private static func station(seed: Int) -> EngineHarness {
    var configuration = EngineHarness.standardConfiguration(deviceModel: [
      EngineHarness.setting("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "2"),
      EngineHarness.setting("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "2"),
      EngineHarness.setting("OCPPCommCtrlr", "MessageAttempts", "1000", instance: "TransactionEvent"),
    ])
    configuration.certificates = .init(hasCSMSRoot: true, hasChargingStation: true)
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS", securityProfile: 1),
      .init(slot: 2, url: "ws://second", identity: "CS", securityProfile: 1, interface: .wireless0),
    ]
    return EngineHarness(seed: UInt64(seed), configuration: configuration)
  }

  @Test(
    "B10.FR.09, T-67 No order of losses, profiles, slots, interfaces and restarts strands a station or lowers its security",
    arguments: 0..<150)
  func neverStranded(seed: Int) {
    var dice = Dice(generator: SeededRandom(seed: UInt64(seed) &+ 40_000))
    let harness = Self.station(seed: seed)
    var pending: [LinkAttempt] = []
    var networkMood = 0
    var networkDice = Dice(generator: SeededRandom(seed: UInt64(seed) &+ 80_000))
    harness.delegate.configureNetwork = { request in
      switch networkMood == 0 ? 9 : networkDice.roll(6) {
      case 0: return .failed("no carrier")
      case 1, 2:
        pending.append(request.attempt)
        return .later
      default: return .ready()
      }
    }
    harness.start()
    var highest: Int32 = 0
    for _ in 0..<120 {
      switch dice.roll(17) {
      case 0, 1: harness.link.drop()
      case 2: harness.link.isUp.toggle()
      case 3: harness.csms.refusal = dice.roll(2) == 0 ? LinkFailure(.refused, detail: "closed") : nil
      case 4, 5:
        let security = dice.roll(4)
        harness.csms.call(
          .setNetworkProfile,
          [
            "configurationSlot": .number(Decimal(Int64(dice.roll(5)))),
            "connectionData": [
              "ocppVersion": "OCPP20", "ocppTransport": "JSON",
              "ocppCsmsUrl": .string("\(security >= 2 ? "wss" : "ws")://host-\(dice.roll(9))"), "messageTimeout": 30,
              "securityProfile": .number(Decimal(Int64(security))),
              "ocppInterface": .string(dice.roll(2) == 0 ? "Wired0" : "Wireless0"),
            ],
          ])
      case 6, 7:
        let lists = ["1", "2", "1,2", "2,1", "3,1", "4,3,2,1", "3", "2,3,4", "1,4"]
        harness.csms.call(
          .setVariables,
          [
            "setVariableData": [
              [
                "component": ["name": "OCPPCommCtrlr"], "variable": ["name": "NetworkConfigurationPriority"],
                "attributeValue": .string(lists[dice.roll(lists.count)]),
              ]
            ]
          ])
      case 8: harness.chargePoint.connectWebSocket(slot: dice.roll(2) == 0 ? nil : Int32(dice.roll(6)))
      case 9 where dice.roll(3) == 0: harness.chargePoint.disconnectWebSocket()
      case 10: harness.chargePoint.networkDisconnected(interface: dice.roll(2) == 0 ? .wired0 : .wireless0)
      case 11: networkMood = dice.roll(2)
      case 12:
        if let attempt = pending.popLast() {
          harness.chargePoint.networkConfigured(attempt, dice.roll(3) == 0 ? .failed("no") : .ready())
        }
      case 13 where dice.roll(3) == 0:
        harness.restart([EngineHarness.End.clean, .kill, .powerCut][dice.roll(3)])
      case 14:
        harness.csms.bootAnswers =
          [
            [(.accepted, 60)], [(.pending, 20), (.accepted, 60)], [(.rejected, 20), (.accepted, 60)],
          ][dice.roll(3)]
      case 15: harness.chargePoint.modemChanged(iccid: "\(dice.roll(3))", imsi: nil)
      case 16: harness.csms.close(code: 1012)
      default: break
      }
      harness.run(for: .milliseconds(dice.roll(30_000)))
      let security = harness.chargePoint.requestValue(VariableKey("SecurityCtrlr", "SecurityProfile"))
      let present = Int32(security ?? "") ?? -1
      #expect(present >= highest, "seed \(seed): the security profile fell")
      highest = max(highest, present)
    }
    // And then all is well.
    networkMood = 0
    harness.csms.refusal = nil
    harness.link.isUp = true
    harness.csms.bootAnswers = [(.accepted, 60)]
    harness.chargePoint.connectWebSocket()
    let isBack = harness.run(upTo: .seconds(3_600)) {
      harness.chargePoint.status.isAccepted && harness.chargePoint.waitingRecords == 0
    }
    #expect(isBack, "seed \(seed): \(harness.chargePoint.status)")
    #expect(harness.violations.isEmpty, "seed \(seed): \(harness.violations.prefix(3))")
  }
}
