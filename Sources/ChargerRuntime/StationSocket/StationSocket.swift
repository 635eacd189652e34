import CLinux
import ChargerBase
import JSONRPC
import NIOCore
import OCPPJSON

/// The station socket (DESIGN §3): JSON-RPC 2.0 on a Unix socket, served by the network loop.
final class StationSocket: @unchecked Sendable {  // used on the network loop after `open`
  private let server: JSONRPCServer
  private let lane: NetworkLane
  private static let eventTopic = "station.event"

  private init(server: JSONRPCServer, lane: NetworkLane) {
    self.server = server
    self.lane = lane
  }

  static func open(path: String, lane: NetworkLane) throws -> StationSocket {
    let server = JSONRPCServer(configuration: JSONRPCServer.Configuration(path: path), eventLoop: lane.eventLoop)
    let socket = StationSocket(server: server, lane: lane)
    try lane.eventLoop.submit {
      server.onCall = { socket.handle($0) }
      lane.onEvent = { event in
        server.notify(Self.eventTopic, event()) { $0.topics.contains(Self.eventTopic) }
      }
    }.wait()
    try server.start()
    return socket
  }

  func close() {
    try? lane.eventLoop.submit { self.server.stop() }.wait()
  }

  /// Where the station has its things, for the tools of service.
  private var files: JSONValue {
    let arguments = lane.arguments
    return .object([
      JSONMember("board", JSONValue(arguments.board)),
      JSONMember("unit", (arguments.unit ?? arguments.state.map { $0 + "/unit.json" }).map { JSONValue($0) } ?? .null),
      JSONMember("state", arguments.state.map { JSONValue($0) } ?? .null),
    ])
  }

  private func handle(_ call: JSONRPCCall) {
    switch call.method {
    case "station.status": call.succeed(StatusDocument.make(lane))
    case "station.explain":
      call.answer { () throws(JSONRPCError) in
        try call.params.allow(["evse"])
        return try ExplainDocument.make(lane, evse: call.params.optionalInteger("evse"), call.params)
      }
    case "station.history":
      call.answer { () throws(JSONRPCError) in try HistoryDocument.make(lane, call.params) }
    case "station.outbox":
      let lane = self.lane
      lane.readDeadLetters { call.succeed(OutboxDocument.make(lane, deadLetters: $0)) }
    case "station.securityLog": call.succeed(SecurityLogDocument.make(lane))
    case "station.log":
      call.answer { () throws(JSONRPCError) in
        try call.params.allow(["lines"])
        let lines = try call.params.optionalInteger("lines", in: 1...1_000) ?? 100
        return DaemonLog.shared.newest(Int(lines))
      }
    case "station.version":
      call.succeed(
        .object([
          JSONMember("program", JSONValue(lane.program)), JSONMember("version", JSONValue(Version.text)),
          JSONMember("board", JSONValue(lane.profile.name)),
          JSONMember("ocpp", .array(lane.profile.csms.versions.map { JSONValue($0.subprotocol) })),
          JSONMember("files", files),
        ]))
    case "station.subscribe":
      if !call.peer.topics.contains(Self.eventTopic) { call.peer.topics.append(Self.eventTopic) }
      call.succeed()
    case "station.deviceModel.get":
      call.answer { () throws(JSONRPCError) in try VariableDocument.get(call.params, lane) }
    case "station.deviceModel.set":
      do throws(JSONRPCError) {
        try VariableDocument.set(call.params, lane) { call.succeed($0) }
      } catch {
        call.fail(error)
      }
    case let method where ServiceMethods.names.contains(method):
      call.answer { () throws(JSONRPCError) in
        try ServiceMethods.run(method, call.params, lane)
        return .object([])
      }
    case let method where method.hasPrefix(HardwareTestMethods.prefix):
      call.fail(
        .unknownMethod(
          "\(method): the station runs and holds the hardware. Stop it first (systemctl stop chargerd), then test"))
    default:
      call.fail(
        .unknownMethod(
          "\(call.method) is no method of the station socket; it has station.status, .explain, .history, .subscribe, .outbox, .log, "
            + ".version, .clearFaults, .limit, .pause, .startNow, .deviceModel.get and .deviceModel.set"))
    }
  }
}
