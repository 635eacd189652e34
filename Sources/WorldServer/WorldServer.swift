import CLinux
import ChargerBase
import JSONRPC
import NIOCore
import OCPPJSON
import SimulatedWorld

/// The simulated world in real time, behind its socket.
///
/// `@unchecked Sendable`: after `start`, everything happens on the event loop; `stop`, `look` and `perform` go there.
package final class WorldServer: @unchecked Sendable {
  /// Pilot and contactor readings are repeated this often, so that drivers can tell a quiet world from a dead one.
  static let heartbeat = Duration.milliseconds(100)
  /// A meter gives readings this often.
  static let meterInterval = Duration.milliseconds(500)
  /// Registers that have moved are saved this often; everything else at once.
  static let saveInterval = Duration.seconds(10)

  private let server: JSONRPCServer
  private let stateFile: WorldStateFile?
  /// Told what happens, in plain words.
  private let narrate: @Sendable (String) -> Void
  private var methods: WorldMethods
  private let play: WorldPlay?
  private var player: WorldPlayer
  /// Wires on which programs with real drivers find the world.
  private var fronts: WorldFronts?
  private var station: JSONRPCPeer?
  private var lastReadings: JSONValue = .null
  private var heartbeatAt: MonotonicInstant
  private var metersAt: MonotonicInstant
  private var saveAt: MonotonicInstant
  private var savedState: WorldState?
  private var timer: Scheduled<Void>?
  private var isStopped = false

  package init(
    configuration: WorldConfiguration, socket: String, state: String? = nil, play: WorldPlay? = nil,
    fronts: FrontConfiguration? = nil, eventLoop: any EventLoop,
    narrate: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    let now = Self.now
    methods = WorldMethods(
      world: SimulatedWorld(
        configuration: configuration, startingAt: now, signer: OpenSSLMeterSigner()))
    server = JSONRPCServer(configuration: JSONRPCServer.Configuration(path: socket), eventLoop: eventLoop)
    stateFile = state.map { WorldStateFile(path: $0) }
    self.play = play
    player = WorldPlayer(nil, startingAt: now)
    self.narrate = narrate
    heartbeatAt = now
    metersAt = now
    saveAt = now + Self.saveInterval
    guard let fronts else { return }
    self.fronts = WorldFronts(
      fronts, eventLoop: eventLoop, wake: { eventLoop.execute { [weak self] in self?.step() } },
      narrate: { text in narrate(text) })
  }

  private static var now: MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }

  /// Takes up a saved state and serves. Called from a thread other than the loop's.
  package func start() throws {
    if let state = try stateFile?.load() {
      methods.world.restore(state)
      savedState = state
    }
    server.onCall = { [unowned self] call in handle(call) }
    server.onDisconnect = { [unowned self] peer in left(peer) }
    if fronts != nil {
      try server.eventLoop.submit {
        try self.fronts?.open()
        // Whoever drives the wires has taken the hardware over: nothing tells when that ends but their silence.
        self.methods.world.stationConnected()
      }.wait()
    }
    try server.start()
    server.eventLoop.execute {
      self.player = WorldPlayer(self.play, startingAt: Self.now)
      self.step()
    }
  }

  /// Saves the state and ends. Called from a thread other than the loop's.
  package func stop() throws {
    try server.eventLoop.submit {
      self.methods.world.advance(to: Self.now)
      self.save(always: true)
      self.isStopped = true
      self.timer?.cancel()
      self.fronts?.close()
      self.server.stop()
    }.wait()
  }

  /// Looks at the world as it is now, past the socket.
  package func look<Value: Sendable>(_ body: @escaping @Sendable (SimulatedWorld) -> Value) throws -> Value {
    try server.eventLoop.submit {
      self.methods.world.advance(to: Self.now)
      return body(self.methods.world)
    }.wait()
  }

  /// Does something in the world, past the socket.
  package func perform(_ action: WorldAction) throws {
    try server.eventLoop.submit {
      self.methods.world.advance(to: Self.now)
      defer { self.step() }
      try self.methods.world.perform(action)
    }.wait()
  }

  // MARK: Calls

  private func handle(_ call: JSONRPCCall) {
    methods.world.advance(to: Self.now)
    switch call.method {
    case "bench.subscribe":
      call.answer { () throws(JSONRPCError) in
        try call.params.allow([])
        if !call.peer.topics.contains("bench") { call.peer.topics.append("bench") }
        return .object([])
      }
    case "bench.fault", "bench.faults":
      call.answer { () throws(JSONRPCError) in
        if call.method == "bench.fault", let done = try fronts?.perform(call.params) { return done }
        let answer = try methods.perform(call.method, call.params)
        guard call.method == "bench.faults", let known = answer.array, let fronts else { return answer }
        return .array(known + fronts.descriptions)
      }
    case "driver.connect": call.answer { () throws(JSONRPCError) in try connect(call) }
    case let method where method.hasPrefix("driver."):
      guard call.peer === station else {
        call.fail(.refused("only the station that has called driver.connect drives the hardware"))
        return
      }
      call.answer { () throws(JSONRPCError) in try methods.command(method, call.params) }
    default: call.answer { () throws(JSONRPCError) in try methods.perform(call.method, call.params) }
    }
    step()
  }

  private func connect(_ call: JSONRPCCall) throws(JSONRPCError) -> JSONValue {
    try call.params.allow(["protocol"])
    let version = try call.params.integer("protocol")
    guard version == WorldMethods.driverProtocol else {
      throw call.params.wrong("protocol", "this world speaks \(WorldMethods.driverProtocol)")
    }
    guard fronts == nil else { throw .refused("this world's hardware is at the ends of its fronts' wires") }
    guard station == nil || station === call.peer else {
      throw .refused("another station drives the hardware")
    }
    station = call.peer
    methods.world.stationConnected()
    lastReadings = .null
    heartbeatAt = Self.now
    metersAt = Self.now
    return ["network": .bool(methods.world.networkUp)]
  }

  private func left(_ peer: JSONRPCPeer) {
    guard peer === station else { return }
    station = nil
    methods.world.advance(to: Self.now)
    methods.world.stationDisconnected()
    step()
  }

  // MARK: Time

  /// Brings the world to the present, tells what is new and sets the timer for what comes next.
  private func step() {
    guard !isStopped else { return }
    let now = Self.now
    methods.world.advance(to: now)
    for sentence in player.play(in: &methods, by: now) { narrate(sentence) }
    fronts?.step(&methods.world, at: now)
    tellStation(now)
    let events = methods.world.takeEvents()
    for event in events {
      narrate(event.kind.text)
      server.notify("bench.event", JSONValue(event)) { $0.topics.contains("bench") }
    }
    if !events.isEmpty {
      save(always: false)
    } else if saveAt <= now {
      saveAt = now + Self.saveInterval
      save(always: false)
    }
    let ofWorld = min(
      methods.world.nextChange ?? .distantFuture, player.nextInstant, fronts?.nextInstant ?? .distantFuture)
    let next = min(ofWorld, station == nil ? saveAt : min(heartbeatAt, saveAt))
    timer?.cancel()
    timer = server.eventLoop.scheduleTask(in: .nanoseconds(max(0, Self.now.duration(to: next).wholeNanoseconds))) {
      self.step()
    }
  }

  private func tellStation(_ now: MonotonicInstant) {
    let tokens = methods.takeTokens()  // Without a station nobody reads them.
    let signed = methods.takeSignedReadings()
    let post = methods.takePost()
    guard let station else { return }
    for token in tokens { station.notify("driver.token", token) }
    for news in post { station.notify(news.method, news.params) }
    for answer in signed { station.notify("driver.signedReading", answer) }
    let readings = methods.lineReadings()
    let isDue = heartbeatAt <= now
    if isDue || readings != lastReadings {
      lastReadings = readings
      station.notify("driver.readings", readings)
    }
    if isDue { heartbeatAt = now + Self.heartbeat }
    if metersAt <= now {
      metersAt = now + Self.meterInterval
      station.notify("driver.meters", methods.meterReadings())
    }
  }

  private func save(always: Bool) {
    guard let stateFile else { return }
    let state = methods.world.state
    guard always || state != savedState else { return }
    do throws(SocketError) {
      try stateFile.save(state)
      savedState = state
    } catch {
      narrate(error.description)
    }
  }
}
