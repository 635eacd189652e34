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
  /// It ends so long after its last client has gone.
  private static let lonely = TimeAmount.seconds(60)

  private let logger = Logger(label: "chargerd")
  private let group: MultiThreadedEventLoopGroup
  private let lane: HardwareTestLane
  private let post: HardwareTestPost
  private let server: JSONRPCServer

  init(
    program: DaemonProgram, arguments: DaemonArguments, files: StationFiles, surroundings: DaemonSurroundings
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
      server.onDisconnect = { peer in
        methods.left(peer)
        guard server.peers.isEmpty else { return }
        // Nobody tests any more: the hardware is for the station again.
        server.eventLoop.scheduleTask(in: Self.lonely) { if server.peers.isEmpty { StopSignals.wake() } }
      }
      post.start()
    }.wait()
    try lane.start()
    try server.start()
    logger.notice(
      "\(program.name) \(program.version): hardware test of \(profile.vendorName) \(profile.model) at \(path)")
  }

  func runUntilStopped() -> Int32 {
    _ = StopSignals.wait()
    // The lane first: it opens everything, whoever is in the middle of a test.
    lane.stop()
    let (server, post) = (self.server, self.post)
    try? server.eventLoop.submit {
      post.stop()
      server.stop()
    }.wait()
    try? group.syncShutdownGracefully()
    return ExitCode.success
  }
}
