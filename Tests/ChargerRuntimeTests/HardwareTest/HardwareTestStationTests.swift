import BoardProfile
import ChargerBase
import HAL
import NIOCore
import TemporaryDirectories
import Testing

@testable import ChargerRuntime

@Suite("Hardware test: the program that holds the hardware", .serialized)
struct HardwareTestStationTests {
  private let watchdog = CountingWatchdog()
  private let contactor = FakeContactor()

  private func make(
    socket: String, patience: HardwareTestStation.Patience = HardwareTestStation.Patience(),
    end: @escaping @Sendable () -> Void = {}
  ) throws -> HardwareTestStation {
    var catalogue = DriverCatalogue()
    let (watchdog, contactor) = (watchdog, contactor)
    catalogue.addPilot("fake") { _ in { FakePilot() } }
    catalogue.addContactor("fake") { _ in { contactor } }
    catalogue.addWatchdog("fake") { _ in { watchdog } }
    var arguments = DaemonArguments()
    arguments.control = socket
    return try HardwareTestStation(
      program: DaemonProgram(name: "test") { _ in DaemonSurroundings(catalogue: DriverCatalogue()) },
      arguments: arguments,
      files: try StationFiles.load(
        board: .init(name: "board.json", bytes: Array(StationRig.board("[]", hasWatchdog: true).utf8)), unit: nil),
      surroundings: DaemonSurroundings(catalogue: catalogue), patience: patience, end: end)
  }

  @Test("A socket that cannot be made ends it, and lets the watchdog go: the system is not reset")
  func noSocket() throws {
    #expect(throws: (any Error).self) { try make(socket: "/nowhere/at-all/test.sock") }
    #expect(watchdog.counts.with { $0.feeds > 0 && $0.isDisarmed } == true)
    #expect(contactor.commanded == .open)
  }

  @Test("Whoever started it may be dead: it does not hold the hardware for ever when nobody comes")
  func unvisited() throws {
    let directory = try TemporaryDirectory("test")
    defer { withExtendedLifetime(directory) {} }
    let isOver = Shared(false)
    let station = try make(
      socket: directory.file("test.sock"), patience: HardwareTestStation.Patience(unvisited: .milliseconds(10))
    ) { isOver.with { $0 = true } }
    #expect(eventually { isOver.with { $0 } })
    station.stop()
    #expect(watchdog.counts.with { $0.isDisarmed })
  }
}

/// A watchdog that tells what was done with it.
private final class CountingWatchdog: SystemWatchdog {
  let timeout = Duration.seconds(10)
  let wakeDescriptor: Int32? = nil
  let health = DriverHealth.alive
  let hasResetSystem: Bool? = nil
  let counts = Shared((feeds: 0, isDisarmed: false))

  func service(at now: MonotonicInstant) {}

  func feed() {
    counts.with {
      $0.feeds += 1
      $0.isDisarmed = false
    }
  }

  func disarm() { counts.with { $0.isDisarmed = true } }
}
