import BoardProfile
import ChargerBase
import EVSEControl
import HAL
import JSONRPC
import NIOCore
import OCPPJSON

/// `hardware.*` on the station socket (schema/station-socket.md). Belongs to the network loop.
final class HardwareTestMethods: @unchecked Sendable {  // used on the network loop alone
  static let prefix = "hardware."

  private let program: DaemonProgram
  private let profile: BoardProfile
  private let lane: HardwareTestLane
  private let post: HardwareTestPost
  private let eventLoop: any EventLoop
  /// Who waits for a movement, by client.
  private var waiting: (peer: UInt64, call: JSONRPCCall)?

  init(
    program: DaemonProgram, profile: BoardProfile, lane: HardwareTestLane, post: HardwareTestPost,
    eventLoop: any EventLoop
  ) {
    self.program = program
    self.profile = profile
    self.lane = lane
    self.post = post
    self.eventLoop = eventLoop
  }

  func left(_ peer: JSONRPCPeer) { if waiting?.peer == peer.number { lane.clientGone() } }

  func handle(_ call: JSONRPCCall) {
    do throws(JSONRPCError) {
      switch call.method {
      case "hardware.read":
        try call.params.allow([])
        call.succeed(
          .object(HardwareTestDocument.make(lane.view, program, profile) + post.document(at: ControlCycle.now())))
      case "hardware.click":
        try call.params.allow(["evse", "connector", "milliseconds"])
        let hold = try call.params.optionalInteger("milliseconds", in: 100...1_000) ?? 500
        move(.click(try connector(call.params).place, hold: .milliseconds(Int64(hold))), call)
      case "hardware.pilot":
        try call.params.allow(["evse", "connector"])
        move(.pilot(try connector(call.params).place), call)
      case "hardware.lock":
        try call.params.allow(["evse", "connector"])
        let found = try connector(call.params)
        guard found.view.hasLock else { throw call.params.wrong("connector", "it has no lock") }
        move(.lock(found.place), call)
      case "hardware.residualCurrent":
        let found = try evse(call.params)
        guard found.view.hasMonitor else { throw call.params.wrong("evse", "it has no residual current monitor") }
        move(.residualCurrent(found.place), call)
      case "hardware.phases":
        let found = try evse(call.params)
        guard found.view.hasPhaseSwitch else { throw call.params.wrong("evse", "it has no phase switch") }
        move(.phases(found.place), call)
      case "hardware.light": try light(call)
      case "hardware.display": try display(call)
      case "hardware.end":
        call.succeed()
        StopSignals.wake()
      default:
        throw .unknownMethod(
          "\(call.method) is no method of a hardware test; it has hardware.read, .click, .pilot, .lock, "
            + ".residualCurrent, .phases, .light, .display and .end. No station runs.")
      }
    } catch {
      call.fail(error)
    }
  }

  // MARK: Places

  private func connector(
    _ params: JSONRPCParameters
  ) throws(JSONRPCError) -> (place: Int, view: HardwareTestView.Connector) {
    let evse = try params.integer("evse", in: 1...Int32.max)
    let number = try params.optionalInteger("connector", in: 1...Int32.max) ?? 1
    let connectors = lane.view.connectors
    guard let place = connectors.firstIndex(where: { $0.id.evse.number == evse && $0.id.number == number }) else {
      throw params.wrong("connector", "no such connector")
    }
    return (place, connectors[place])
  }

  private func evse(_ params: JSONRPCParameters) throws(JSONRPCError) -> (place: Int, view: HardwareTestView.EVSE) {
    try params.allow(["evse"])
    let number = try params.integer("evse", in: 1...Int32.max)
    let evses = lane.view.evses
    guard let place = evses.firstIndex(where: { $0.id.number == number }) else {
      throw params.wrong("evse", "no such EVSE")
    }
    return (place, evses[place])
  }

  // MARK: Movements

  private func move(_ order: HardwareTestOrder, _ call: JSONRPCCall) {
    guard waiting == nil else { return call.succeed(HardwareTestDocument.busy) }
    waiting = (call.peer.number, call)
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    lane.perform(order) { result in
      bound.eventLoop.execute {
        let methods = bound.value
        methods.waiting?.call.succeed(HardwareTestDocument.make(result))
        methods.waiting = nil
      }
    }
  }

  // MARK: Light and display

  private func light(_ call: JSONRPCCall) throws(JSONRPCError) {
    try call.params.allow(["evse", "colour", "rhythm"])
    let evse = EVSEID(try call.params.integer("evse", in: 1...Int32.max))
    guard let light = post.light(of: evse) else { throw call.params.wrong("evse", "it has no light") }
    guard let colour = LightPattern.Colour(rawValue: try call.params.string("colour", maximum: 16)) else {
      let names = LightPattern.Colour.allCases.map(\.rawValue).joined(separator: ", ")
      throw call.params.wrong("colour", "must be one of \(names)")
    }
    light.show(LightPattern(colour))
    call.succeed()
  }

  private func display(_ call: JSONRPCCall) throws(JSONRPCError) {
    try call.params.allow(["text"])
    guard let display = post.display else { throw call.params.wrong("text", "there is no display") }
    display.show(lines: [try call.params.string("text", maximum: 64)], evse: nil)
    call.succeed()
  }
}
