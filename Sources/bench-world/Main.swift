import ArgumentParser
import BoardProfile
import CLinux
import ChargerBase
import Glibc
import NIOPosix
import SimulatedWorld
import WorldServer

/// The simulated world as a process of its own: it outlives a killed station.
@main
struct BenchWorld: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-world",
    abstract: "Cars, cables, contactors, meters and readers around one simulated charging station.")

  @Option(help: "The board profile whose EVSEs, connectors and readers the world has.")
  var board: String

  @Option(help: "The Unix socket to serve.")
  var socket: String

  @Option(help: "A file that keeps registers, cars and faults over a restart of the world.")
  var state: String?

  @Option(
    help: ArgumentHelp(
      "A file of JSON Lines to play from the start on.",
      discussion:
        "One step a line: {\"afterS\": 2.5, \"method\": \"bench.plugIn\", \"params\": {\"evse\": 1}}. afterS counts from the step before; lines that begin with # are comments."
    ))
  var script: String?

  @Option(
    help: ArgumentHelp(
      "A file of fronts: wires on which chargerd with its real drivers finds this world.",
      discussion: "Pseudo terminals with meters and a companion controller, cards for vpcd, lines of gpio-sim."))
  var fronts: String?

  @Option(help: "Plays random people, cars, cables, faults and supplies from this seed; the same seed plays the same.")
  var random: UInt64?

  @Option(help: "How many random events an hour, in the mean, 1…36000.")
  var eventsPerHour = 60

  @Option(help: "A card that random people carry; may be given more than once.")
  var token: [String] = []

  @Flag(help: "Random people only: nothing breaks and no supply fails.")
  var noFaults = false

  @Flag(help: "Tell nothing on stderr.")
  var quiet = false

  func validate() throws {
    guard script == nil || random == nil else { throw ValidationError("Give --script or --random, not both.") }
    guard (1...36_000).contains(eventsPerHour) else { throw ValidationError("--events-per-hour is 1…36000.") }
  }

  /// What the options ask the world to play. Exit code 78 for a script that cannot be played.
  private func play() throws -> WorldPlay? {
    if let random {
      let kinds = RandomWorld.Kinds(
        tokens: token.isEmpty ? ["CARD"] : token, faults: noFaults ? [] : SimulatedFault.allCases,
        hasForce: !noFaults, hasSupplies: !noFaults)
      return .random(seed: random, eventsPerHour: eventsPerHour, kinds: kinds)
    }
    guard let script else { return nil }
    guard let bytes = readFile(script) else {
      writeLine("\(script): cannot be read")
      throw ExitCode(78)
    }
    let parsed: WorldScript
    do throws(WorldScriptError) {
      parsed = try WorldScript(parsing: bytes)
    } catch {
      writeLine("\(script): \(error)")
      throw ExitCode(78)
    }
    let problems = WorldServer.problems(of: parsed)
    for problem in problems { writeLine("\(script): \(problem)") }
    guard problems.isEmpty else { throw ExitCode(78) }
    return .script(parsed)
  }

  /// Exit code 78 for a file that is wrong.
  private func frontConfiguration() throws -> FrontConfiguration? {
    guard let fronts else { return nil }
    guard let bytes = readFile(fronts) else {
      writeLine("\(fronts): cannot be read")
      throw ExitCode(78)
    }
    do throws(FrontError) {
      return try FrontConfiguration(parsing: bytes)
    } catch {
      writeLine("\(fronts): \(error)")
      throw ExitCode(78)
    }
  }

  func run() throws {
    var configuration = try WorldConfiguration(boardFile: board)
    // On wires a watchdog is the system's own device: the world's relay is none of its business.
    if fronts != nil { configuration.hasWatchdog = false }
    let play = try play()
    let fronts = try frontConfiguration()
    signal(SIGPIPE, SIG_IGN)
    let ends = blockEnds()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let isQuiet = quiet
    let server = WorldServer(
      configuration: configuration, socket: socket, state: state, play: play, fronts: fronts,
      eventLoop: group.next()
    ) {
      text in
      if !isQuiet { writeLine(text) }
    }
    do {
      try server.start()
    } catch {
      writeLine("bench-world: \(error)")
      throw ExitCode(70)
    }
    writeLine("bench-world serves \(socket)")
    var waitedFor = ends
    var number: Int32 = 0
    sigwait(&waitedFor, &number)
    try server.stop()
    try group.syncShutdownGracefully()
  }
}

/// SIGINT and SIGTERM wait for `sigwait`; threads made later inherit the mask.
private func blockEnds() -> sigset_t {
  var ends = sigset_t()
  sigemptyset(&ends)
  sigaddset(&ends, SIGINT)
  sigaddset(&ends, SIGTERM)
  pthread_sigmask(SIG_BLOCK, &ends, nil)
  return ends
}

private func writeLine(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  bytes.withUnsafeBytes { buffer in
    guard let base = buffer.baseAddress else { return }
    linux_write_stderr(base.assumingMemoryBound(to: CChar.self), buffer.count)
  }
}

extension WorldConfiguration {
  /// Reads and checks a board profile. Exit code 78 with all its problems, as chargerd has it.
  init(boardFile path: String) throws {
    guard let bytes = readFile(path) else {
      writeLine("\(path): cannot be read")
      throw ExitCode(78)
    }
    let profile: BoardProfile
    do {
      profile = try BoardProfile.load(bytes: bytes, fileName: path)
    } catch {
      writeLine("\(error)")
      throw ExitCode(78)
    }
    self.init(profile)
  }

  init(_ profile: BoardProfile) {
    self.init(
      evses: profile.evses.map { WorldEVSE($0) },
      readers: profile.readers.map { WorldReader(name: $0.name, evses: $0.evses) },
      hasDisplay: profile.display != nil, deadManTime: profile.deadMan?.within ?? .seconds(1),
      safetyContacts: profile.safetyInputs.compactMap { input in
        SafetyContact(rawValue: input.kind.rawValue).map { WorldSafetyContact($0, evse: input.evse) }
      },
      hasWatchdog: profile.watchdog != nil, supplyFuse: profile.sharedSupply)
    keypads = profile.keypads.map { WorldKeypad(name: $0.name) }
    startButtons = profile.startButtons.map { WorldStartButton(evse: $0.evse) }
    displayHasChoice = profile.display?.boolean("choice") == true
    hasMainMeter = profile.mainMeter != nil
  }
}

extension WorldEVSE {
  fileprivate init(_ evse: EVSEProfile) {
    self.init(
      id: evse.id,
      connectors: evse.connectors.map { connector in
        WorldConnector(
          id: connector.id, hasFixedCable: connector.cable == .fixed, lock: connector.lock.map { _ in WorldLock() },
          hasProximity: connector.proximity != nil)
      },
      phases: evse.phases,
      residualCurrentMonitor: evse.residualCurrent.map { _ in WorldResidualCurrentMonitor() },
      temperatureSensors: evse.temperatureSensors.map { _ in WorldTemperatureSensor() },
      hasPhaseSwitch: evse.phaseSwitch != nil,
      signingMeter: evse.meter?.boolean("signs") == true ? WorldSigningMeter() : nil)
    hasParkingBaySensor = evse.parkingBay != nil
  }
}

/// At most 1 MiB.
private func readFile(_ path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  return [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
    count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
  }
}
