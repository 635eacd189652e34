import BoardProfile
import CLinux
import ChargerBase
import ChargerRuntime
import Glibc
import HAL

/// A thread that runs a body to its end.
final class WorkThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private var thread = pthread_t()
  private var isRunning = false

  init(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run))
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, body.toOpaque())
    isRunning = code == 0
    if !isRunning { body.release() }
  }

  func join() {
    if isRunning { pthread_join(thread, nil) }
    isRunning = false
  }
}

/// The whole daemon in this process, on instruments of the benchmark's: network loop, engine, storage thread, station
/// socket and control thread as they ship.
final class StationAtWork {
  let pilot = BenchmarkPilot()
  let contactor = BenchmarkContactor()
  let reader: BenchmarkReader
  let scratch: ScratchFolder
  /// What lies in /run where the station ships: its socket and its flight recorder. The state is on disk.
  private let memory: ScratchFolder
  private let daemon: WorkThread

  /// Before any other thread is made: the daemon's own thread must be the one that takes the signal to stop.
  static func blockStopSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT, SIGUSR2] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  init(places: BenchmarkPlaces, port: Int) throws {
    let scratch = try ScratchFolder()
    self.scratch = scratch
    let memory = try ScratchFolder(in: "/dev/shm")
    self.memory = memory
    guard let board = Files.read(places.board), let unit = Files.read(places.unit), board.hasPrefix("{") else {
      throw BenchmarkFailure(description: "\(places.board) or \(places.unit) cannot be read")
    }
    // The least filter and travel that a profile may have, and no rest: what is left is the lane.
    let timing =
      #""timing": { "pilotFilterMilliseconds": 1, "contactorTravelMilliseconds": 20, "contactorRestMilliseconds": 0, "offerRaiseIntervalMilliseconds": 0 },"#
    try Files.write("{" + timing + board.dropFirst(), to: scratch.path + "/board.json")
    try Files.write(unit, to: scratch.path + "/unit.json")
    let reader = BenchmarkReader(name: "front")
    self.reader = reader
    let (pilot, contactor) = (pilot, contactor)
    let program = DaemonProgram(name: "charger-benchmark") { _ in
      DaemonSurroundings(catalogue: Self.catalogue(pilot, contactor, reader))
    }
    let arguments = [
      "--board", scratch.path + "/board.json", "--unit", scratch.path + "/unit.json", "--state",
      scratch.path + "/state", "--csms", "ws://127.0.0.1:\(port)/ocpp", "--control", memory.path + "/station.sock",
      "--log-level", "critical",
    ]
    nonisolated(unsafe) let started = program  // handed over to the daemon's thread for good
    daemon = WorkThread { _ = ChargerDaemon.run(started, arguments: arguments) }
  }

  func stop() {
    kill(getpid(), SIGTERM)
    daemon.join()
  }

  private static func catalogue(
    _ pilot: BenchmarkPilot, _ contactor: BenchmarkContactor, _ reader: BenchmarkReader
  ) -> DriverCatalogue {
    func isFirst(_ options: DriverOptions) -> Bool {
      if case .connector(let connector) = options.place { connector.evse == EVSEID(1) } else { false }
    }
    var catalogue = DriverCatalogue()
    catalogue.addPilot("simulated") { options in
      let isFirst = isFirst(options)
      return { isFirst ? pilot : BenchmarkPilot() }
    }
    catalogue.addContactor("simulated") { options in
      let isFirst = isFirst(options)
      return { isFirst ? contactor : BenchmarkContactor() }
    }
    catalogue.addMeter("simulated") { _ in { BenchmarkMeter() } }
    catalogue.addResidualCurrent("simulated") { _ in { BenchmarkResidualCurrentMonitor() } }
    catalogue.addTemperatureSensor("simulated") { _ in { BenchmarkTemperatureSensor() } }
    catalogue.addPhaseSwitch("simulated") { _ in { BenchmarkPhaseSwitch() } }
    catalogue.addSafetyInput("simulated") { _ in { BenchmarkSafetyInput() } }
    catalogue.addWatchdog("simulated") { _ in { BenchmarkWatchdog() } }
    catalogue.addReader("simulated") { _ in { reader } }
    catalogue.addLight("simulated") { _ in { BenchmarkShow() } }
    catalogue.addDisplay("simulated") { _ in { BenchmarkShow() } }
    return catalogue
  }
}
