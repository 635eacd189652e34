import BoardProfile
import ChargerBase
import EVSEControl
import Glibc
import HAL
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import ChargerRuntime

@Suite("A network loop that hangs", .serialized)
struct HungLoopTests {
  private static let connector = ConnectorID(evse: EVSEID(1), number: 1)
  private static let board = """
    {
      "name": "fake", "purpose": "bench", "vendorName": "Maker", "model": "Fake",
      "evses": [
        {
          "id": 1, "maximumCurrentA": 32, "phases": 3, "meterNeeded": false, "residualCurrent": "external",
          "connectors": [
            {
              "id": 1, "cable": "fixed", "connectorType": "cType2",
              "pilot": { "driver": "fake" }, "contactor": { "driver": "fake" }
            }
          ]
        }
      ],
      "deadMan": { "means": "simulatedWorld", "withinMilliseconds": 500 },
      "leaseExpiry": "finishSession", "leaseSeconds": 60, "resetAction": "restart",
      "csms": { "url": "ws://127.0.0.1:9/ocpp", "securityProfile": 0 }
    }
    """

  /// A whole station over fake drivers, in a state directory of its own.
  private final class Rig {
    let pilot = FakePilot()
    let contactor = FakeContactor()
    let running: RunningStation
    private let state: String

    init() throws {
      var template = Array("/tmp/charger-hung-XXXXXX".utf8CString)
      state = try #require(mkdtemp(&template).map { String(cString: $0) })
      var catalogue = DriverCatalogue()
      let (pilot, contactor) = (pilot, contactor)
      catalogue.addPilot("fake") { _ in { pilot } }
      catalogue.addContactor("fake") { _ in { contactor } }
      let files = try StationFiles.load(
        board: .init(name: "board.json", bytes: Array(HungLoopTests.board.utf8)),
        unit: .init(name: "unit.json", bytes: Array(#"{"identity": "CS-HUNG", "ratedSupplyA": 32}"#.utf8)))
      var arguments = DaemonArguments()
      arguments.state = state
      running = try RunningStation(
        program: DaemonProgram(name: "test") { _ in DaemonSurroundings(catalogue: DriverCatalogue()) },
        arguments: arguments, files: LoadedFiles(files: files, unitDirectory: nil),
        surroundings: DaemonSurroundings(catalogue: catalogue, bootID: "boot"), serviceManager: nil)
    }

    /// A vehicle that draws, under a permit that nobody renews.
    func charge() -> Bool {
      pilot.vehicle(9)
      let permit = EnergyPermit(
        number: 1, reason: .authorized, energyBudget: nil, expiry: boottime() + .seconds(600))
      _ = running.network.send(.grant(HungLoopTests.connector, permit))
      let isOffered = eventually {
        pilot.world.with { if case .pulseWidth? = $0.outputs.last { true } else { false } }
      }
      pilot.vehicle(6)
      return isOffered && eventually { contactor.commanded == .closed }
    }

    deinit { _ = try? Self.remove(state) }

    private static func remove(_ path: String) throws {
      guard let folder = opendir(path) else { return }
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { unlink(path + "/" + name) }
      }
      closedir(folder)
      rmdir(path)
    }
  }

  @Test(
    "DESIGN §5: a stop opens the contactors although the network loop hangs, in the time that the vehicle gets, and the program ends"
  )
  func hungLoop() throws {
    let rig = try Rig()
    #expect(rig.charge())
    let release = NIOLockedValueBox(false)
    let hangs = NIOLockedValueBox(false)
    rig.running.network.eventLoop.execute {
      hangs.withLockedValue { $0 = true }
      while !release.withLockedValue({ $0 }) { usleep(1_000) }
    }
    #expect(eventually { hangs.withLockedValue { $0 } })
    let begin = boottime()
    let code = rig.running.end(rawArguments: [])
    let ended = boottime()
    // This vehicle goes on drawing: 6 s later it is opened under load, as the timing table says.
    #expect(rig.contactor.commanded == .open)
    let opened = rig.contactor.commandedAt ?? .distantFuture
    // In real time, on a machine that may be busy: not in the minute in which the permit would have held it closed.
    #expect(opened - begin < .seconds(60), "opened after \(opened - begin)")
    #expect(ended - begin < .seconds(120), "ended after \(ended - begin)")
    #expect(code == ExitCode.internal)
    release.withLockedValue { $0 = true }
    try rig.running.group.syncShutdownGracefully()
  }

  @Test("A stop in which nothing hangs ends with 0")
  func orderly() throws {
    let rig = try Rig()
    #expect(rig.charge())
    rig.pilot.vehicle(9)
    #expect(rig.running.end(rawArguments: []) == ExitCode.success)
    #expect(rig.contactor.commanded == .open)
  }
}
