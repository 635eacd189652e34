import BoardProfile
import ChargerBase
import EVSEControl
import Foundation
import Glibc
import HAL
import OCPPPorts
import TemporaryDirectories
import Testing

@testable import ChargerRuntime

/// A whole station over fake drivers, in a state directory of its own.
final class StationRig {
  static let connector = ConnectorID(evse: EVSEID(1), number: 1)

  let pilot = FakePilot()
  let contactor = FakeContactor()
  let running: RunningStation
  let state: TemporaryDirectory

  /// - Parameters:
  ///   - resetByWatchdog: what the board's watchdog says of this boot; nil for a board without one.
  ///   - deviceModel: entries of the board, as JSON.
  ///   - state: what an earlier run has left behind; nil for a new station.
  init(
    bootID: String = "boot", resetByWatchdog: Bool? = nil, deviceModel: String = "[]", state: TemporaryDirectory? = nil
  ) throws {
    self.state = try state ?? TemporaryDirectory("rig")
    var catalogue = DriverCatalogue()
    let (pilot, contactor) = (pilot, contactor)
    catalogue.addPilot("fake") { _ in { pilot } }
    catalogue.addContactor("fake") { _ in { contactor } }
    catalogue.addWatchdog("fake") { _ in { RememberingWatchdog(hasResetSystem: resetByWatchdog) } }
    let board = Self.board(deviceModel, hasWatchdog: resetByWatchdog != nil)
    let files = try StationFiles.load(
      board: .init(name: "board.json", bytes: Array(board.utf8)),
      unit: .init(name: "unit.json", bytes: Array(#"{"identity": "CS-RIG", "ratedSupplyA": 32}"#.utf8)))
    var arguments = DaemonArguments()
    arguments.state = self.state.path
    running = try RunningStation(
      program: DaemonProgram(name: "test") { _ in DaemonSurroundings(catalogue: DriverCatalogue()) },
      arguments: arguments, files: LoadedFiles(files: files, unitDirectory: nil),
      surroundings: DaemonSurroundings(catalogue: catalogue, bootID: bootID), serviceManager: nil)
  }

  static func board(_ deviceModel: String, hasWatchdog: Bool) -> String {
    """
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
      \(hasWatchdog ? #""watchdog": { "driver": "fake" },"# : "")
      "deadMan": { "means": "simulatedWorld", "withinMilliseconds": 500 },
      "leaseExpiry": "finishSession", "leaseSeconds": 60, "resetAction": "restart",
      "csms": { "url": "ws://127.0.0.1:9/ocpp", "securityProfile": 0 }, "deviceModel": \(deviceModel)
    }
    """
  }

  /// What lies on the disk once all that has happened is stored, as a system finds it that is reset then.
  func disk() throws -> TemporaryDirectory {
    let isStored = Shared(false)
    let network = running.network
    _ = ask { _ in
      network.whenStored([.putDocument(.engine, key: "test.all-before", body: [1])]) { isStored.with { $0 = true } }
      return true
    }
    #expect(eventually { isStored.with { $0 } })
    let copy = try TemporaryDirectory("rig")
    for name in try FileManager.default.contentsOfDirectory(atPath: state.path) where !name.hasSuffix("-shm") {
      try FileManager.default.copyItem(atPath: state.file(name), toPath: copy.file(name))
    }
    return copy
  }

  /// What the engine says, asked on its own loop.
  func ask<Answer: Sendable>(_ body: @escaping @Sendable (NetworkLane) -> Answer) -> Answer? {
    let network = running.network
    return network.ask(within: .seconds(60)) { body(network) }
  }

  /// A vehicle that draws, under a permit that nobody renews.
  func charge() -> Bool {
    pilot.vehicle(9)
    let permit = EnergyPermit(
      number: 1, reason: .authorized, energyBudget: nil, expiry: boottime() + .seconds(600))
    _ = running.network.send(.grant(Self.connector, permit))
    let isOffered = eventually {
      pilot.world.with { if case .pulseWidth? = $0.outputs.last { true } else { false } }
    }
    pilot.vehicle(6)
    return isOffered && eventually { contactor.commanded == .closed }
  }
}

/// A watchdog that says why the system was started.
final class RememberingWatchdog: SystemWatchdog {
  let timeout = Duration.seconds(10)
  let wakeDescriptor: Int32? = nil
  let health = DriverHealth.alive
  let hasResetSystem: Bool?

  init(hasResetSystem: Bool?) { self.hasResetSystem = hasResetSystem }

  func service(at now: MonotonicInstant) {}
  func feed() {}
  func disarm() {}
}
