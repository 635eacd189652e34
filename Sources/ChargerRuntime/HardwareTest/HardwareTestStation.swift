import BoardProfile
import ChargerBase
import EVSEControl
import HAL
import JSONRPC
import Logging
import NIOCore
import NIOPosix

/// `chargerd --hardware-test`: the board's hardware, opened as for a station, without OCPP, store and permits. What is
/// tested is said through the socket, by `chargerctl hardware test`.
final class HardwareTestStation {
  /// How long it holds the hardware for nobody.
  struct Patience {
    /// After its last client has gone.
    var lonely = TimeAmount.seconds(60)
    /// Before its first one came: who started it may be dead.
    var unvisited = TimeAmount.minutes(10)
  }

  private let logger = Logger(label: "chargerd")
  private let group: MultiThreadedEventLoopGroup
  private let lane: HardwareTestLane
  private let post: HardwareTestPost
  private let server: JSONRPCServer

  /// - Parameter end: called on the network loop when nobody tests any more.
  init(
    program: DaemonProgram, arguments: DaemonArguments, files: StationFiles, surroundings: DaemonSurroundings,
    patience: Patience = Patience(), end: @escaping @Sendable () -> Void = { StopSignals.wake() }
  ) throws {
    guard let path = arguments.control else { throw UsageError(message: "--control SOCKET is missing") }
    let profile = files.board
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let hardware = try profile.buildHardware(catalogue: surroundings.catalogue)
    let configuration = profile.controlConfiguration(unit: files.unit)
    let lane = try HardwareTestLane(configuration: configuration, hardware: hardware)
    self.lane = lane
    let post = HardwareTestPost(hardware)
    self.post = post
    let server = JSONRPCServer(configuration: JSONRPCServer.Configuration(path: path), eventLoop: loop)
    self.server = server
    let methods = HardwareTestMethods(program: program, profile: profile, lane: lane, post: post, eventLoop: loop)
    try loop.submit {
      server.onCall = { methods.handle($0) }
      server.onInputEnd = { methods.left($0) }
      // Nobody tests any more: the hardware is for the station again.
      func endIfAlone(in time: TimeAmount) {
        server.eventLoop.scheduleTask(in: time) { if server.peers.isEmpty { end() } }
      }
      server.onDisconnect = { peer in
        methods.left(peer)
        if server.peers.isEmpty { endIfAlone(in: patience.lonely) }
      }
      endIfAlone(in: patience.unvisited)
      post.start()
    }.wait()
    try lane.start()
    do {
      try server.start()
    } catch {
      // A watchdog that was fed would reset the system.
      stop()
      throw error
    }
    logger.notice(
      "\(program.name) \(program.version): hardware test of \(profile.vendorName) \(profile.model) at \(path)")
  }

  func runUntilStopped() -> Int32 {
    _ = StopSignals.wait()
    stop()
    return ExitCode.success
  }

  func stop() {
    // The lane first: it opens everything, whoever is in the middle of a test.
    lane.stop()
    let (server, post) = (self.server, self.post)
    try? server.eventLoop.submit {
      post.stop()
      server.stop()
    }.wait()
    try? group.syncShutdownGracefully()
  }
}
