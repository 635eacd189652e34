import BoardProfile
import ChargerBase
import EVSEControl
import Foundation
import HAL
import Logging
import NIOCore
import NIOPosix
import OCPPCore
import OCPPPorts
import OCPPTypes
import Testing

@testable import ChargerRuntime
@testable import Station

@Suite("The network loop")
struct NetworkLaneTests {
  private final class Ports: CSMSLink, StationStore, RandomSource, StationOutlet {
    var expiries: [MonotonicInstant] = []

    func open(_ target: LinkTarget, attempt: LinkAttempt) {}
    func send(_ frame: [UInt8]) {}
    func close(code: UInt16, reason: String) {}
    func setPingInterval(_ interval: Duration) {}
    func commit(_ mutations: [StoreMutation], durability: StoreDurability, id: StoreRequestID) {}
    func query(_ query: StoreQuery, id: StoreRequestID) {}
    func next() -> UInt64 { 0 }
    func send(_ command: ControlCommand) -> Bool {
      if case .grant(_, let permit) = command { expiries.append(permit.expiry) }
      return true
    }
    func reset(_ scope: ResetScope) {}
    func linkChanged(_ status: LinkStatus) {}
    func timeSet(_ wall: WallTime, at instant: MonotonicInstant) {}
    func noted(_ event: StationEvent) {}
  }

  private static func board() throws -> BoardProfile {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let bytes = Array(try Data(contentsOf: root.appendingPathComponent("boards/bench-ac-dual.json")))
    return try BoardProfile.load(bytes: bytes, fileName: "bench-ac-dual.json")
  }

  @Test("DESIGN §1.3 A lease that is given after a long rest of the loop is whole: it counts from the present instant")
  func leaseAfterRest() throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let profile = try Self.board()
    let lease = Duration.milliseconds(20)
    let (granted, expiries) = try loop.submit { () throws -> (MonotonicInstant, [MonotonicInstant]) in
      let time = SystemTimeSource()
      let lane = NetworkLane(
        eventLoop: loop, program: "test", arguments: DaemonArguments(), profile: profile, identity: "CS", time: time,
        logger: Logger(label: "test"))
      let ports = Ports()
      let station = Station(
        hardware: StationHardware(evses: []), leaseLength: lease, lightPattern: { _ in LightPattern(.off) },
        outlet: ports)
      let engine = ChargePoint(
        configuration: ChargePointConfiguration(
          identity: .init(vendorName: "V", model: "M"), evses: [.init(id: 1)], networkProfiles: [],
          boot: BootNumber(rawValue: 1)),
        snapshot: StoreSnapshot(), store: ports, link: ports, timeSource: time, randomSource: ports, delegate: station)
      lane.station = station
      lane.turn {}
      let rested = time.now + .milliseconds(60)
      while time.now < rested {}
      let granted = time.now
      lane.turn {
        station.chargePoint(
          engine, grant: EnergyGrant(number: 1, reason: .authorized), to: ConnectorID(evse: EVSEID(1), number: 1))
      }
      return (granted, ports.expiries)
    }.wait()
    let first = try #require(expiries.first)
    #expect(first >= granted + lease)
  }
}
