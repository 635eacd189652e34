import BoardProfile
import CLinux
import ChargerBase
import EVSEControl
import HAL
import JSONRPC
import Logging
import NIOCore
import NIOPosix
import OCPPCore
import OCPPPorts
import OCPPSecurity
import OCPPStorage
import OCPPTransport
import OCPPTypes
import Station

/// A station that could not be started; the text names what is wrong and what helps.
struct StartError: Error, CustomStringConvertible {
  var description: String
}

/// A value that one thread has built and gives to another for good.
private struct Handover<Value>: @unchecked Sendable {  // the giver does not touch it afterwards
  let value: Value
}

/// All lanes of one running station, built in the order in which they need each other and taken down in reverse.
final class RunningStation {
  /// Vehicles get so long to end their draw before everything is opened under load (timing table: 6 s).
  private static let openingLimit = Duration.seconds(8)
  /// What comes after the open contactors: a loop or a store that hangs takes it all, and the program ends without it.
  /// Both together stay below the service's TimeoutStopSec.
  private static let stopLimit = Duration.seconds(15)
  /// A loop that has not taken a task for so long hangs: it would have missed every proof of life.
  private static let loopLimit = Duration.seconds(5)

  private let arguments: DaemonArguments
  private let logger = Logger(label: "chargerd")
  let group: MultiThreadedEventLoopGroup
  let network: NetworkLane
  private let controlLane: ControlLane
  private let store: SQLiteStationStore
  private let registry: BootRegistry
  private let socket: StationSocket?
  private let flightRecorder: FlightRecorderFile?
  private let profile: BoardProfile
  private let resetRequested = ResetRequest()
  private let serviceManager: ServiceManager?

  init(
    program: DaemonProgram, arguments: DaemonArguments, files: LoadedFiles, surroundings: DaemonSurroundings,
    serviceManager: ServiceManager? = ServiceManager()
  ) throws {
    self.arguments = arguments
    self.serviceManager = serviceManager
    let profile = files.files.board
    self.profile = profile
    guard let stateDirectory = arguments.state else { throw UsageError(message: "--state DIR is missing") }
    let time = SystemTimeSource(wallOffset: surroundings.wallOffset)
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let identity = files.files.unit?.identity ?? "unnamed"
    let network = NetworkLane(
      eventLoop: loop, program: program.name, arguments: arguments, profile: profile, identity: identity, time: time,
      logger: logger)
    self.network = network

    // Storage first: without it no station starts, and what it held decides how the rest starts.
    let (store, snapshot): (SQLiteStationStore, StoreSnapshot)
    do throws(StoreFailure) {
      var options = StoreOptions()
      options.quotaBytes = StoreOptions.quota(records: profile.outboxCapacity)
      (store, snapshot) = try SQLiteStationStore.open(directory: stateDirectory, options: options) {
        network.storeAnswered($0)
      }
    } catch {
      throw StartError(description: StartFailures.text(of: error, directory: stateDirectory))
    }
    self.store = store
    if let salvage = store.salvage { logger.error("storage: \(salvage)") }
    for exposure in store.exposures { logger.warning("storage: \(exposure)") }
    let bootID = surroundings.bootID ?? BootIdentity.current() ?? "unknown"
    let hardware = try profile.buildHardware(catalogue: surroundings.catalogue)
    let signing = hardware.evses.filter { $0.meter?.signingTimeout != nil }.map(\.id)
    // The board's own watchdog knows best; where the profile has none the kernel's first one is asked.
    registry = BootRegistry(
      snapshot: snapshot, bootID: bootID,
      resetByWatchdog: surroundings.resetByWatchdog ?? hardware.watchdog?.hasResetSystem
        ?? BootIdentity.wasResetByWatchdog())

    // Beside the station socket, which lies in memory (/run): a mapped file in the state directory would wear the flash.
    flightRecorder = arguments.control.flatMap {
      FlightRecorderFile(path: StationFilesLoading.directory(of: $0) + "/flight-recorder")
    }
    let contactors = ContactorCounters(snapshot: snapshot)
    network.contactors = contactors
    var configuration = profile.controlConfiguration(
      unit: files.files.unit, randomSeed: SystemRandomSource().next())
    configuration.continueCounting(contactors)
    let bell = try LoopBell(on: loop) { network.takeControlFacts() }
    controlLane = try ControlLane(
      configuration: configuration, hardware: hardware, recorder: flightRecorder?.recorder,
      wake: { bell.ring() })

    let resetRequested = self.resetRequested
    let handover = Handover(value: hardware)
    let controlLane = self.controlLane
    let setUp = try EngineSetup.make(
      profile: profile, files: files, arguments: arguments, boot: registry.number, program: program,
      signing: signing)
    let firstMark = registry.runningMark
    let reason = BootReasons.reason(registry.previousEnd)
    let tls = TLSContexts(rootFile: setUp.rootFile)
    let gate = surroundings.networkIsUp.map { NetworkSwitch($0) }
    let lights = profile.lights
    let texts = DriverTexts(profile.texts)
    try loop.submit {
      network.controlLane = controlLane
      network.serviceManager = serviceManager
      network.store = store
      network.onReset = { scope in
        guard scope == .station else { return }  // the station itself resets an EVSE
        resetRequested.request()
        StopSignals.wake()
      }
      let station = Station(
        hardware: handover.value, leaseLength: profile.lease, lightPattern: { lights[FeedbackNames.kind(of: $0)] },
        texts: texts, outlet: network)
      let link = WebSocketLink(eventLoop: loop, gate: gate, tlsContext: { try tls.context(for: $0) }) {
        network.linkTold($0)
      }
      let chargePoint = ChargePoint(
        configuration: setUp.configuration, snapshot: snapshot, store: store, link: link, timeSource: time,
        randomSource: SystemRandomSource(), delegate: station)
      station.timing = profile.timing
      station.attach(chargePoint)
      network.station = station
      network.chargePoint = chargePoint
      network.whenStored([firstMark]) {}
      for connector in profile.evses.flatMap(\.connectors) {
        let operations = contactors.operations(of: connector.id)
        if operations.isDue(after: connector.contactorService) { network.tellService(of: connector.id, operations) }
      }
      station.startDrivers { network.readersNotified() }
    }.wait()
    if let path = arguments.control {
      socket = try StationSocket.open(path: path, lane: network)
    } else {
      socket = nil
    }
    // The engine first: it must hear every fact from the first on.
    try loop.submit { network.turn { network.chargePoint?.start(bootReason: reason) } }.wait()
    network.readersNotified()
    // The last entry that is not the lane's own.
    flightRecorder?.recorder.note(
      .started, FlightRecord.station, Int32(clamping: registry.number.rawValue), at: time.now)
    let lane = try controlLane.start()
    if !lane.isRealtime {
      logger.info("the control thread runs without real-time priority: the system does not allow it")
    }
    if let flightRecorder, !flightRecorder.isInMemory {
      logger.info(
        "the flight recorder lies on a disk, which can hold up the control thread: --control belongs into /run")
    }
    serviceManager?.tell(.ready)
    if let serviceManager {
      try loop.submit { network.proveLife(to: serviceManager) }.wait()
    }
    logger.notice(
      "\(program.name) \(program.version): \(profile.vendorName) \(profile.model) as \(identity), \(profile.evseCount)"
    )
  }

  /// Blocks the calling thread until a stop or a reset is asked for; gives back the exit code.
  func runUntilStopped(rawArguments: [String]) -> Int32 {
    _ = StopSignals.wait()
    return end(rawArguments: rawArguments)
  }

  /// Ends the station in order, whatever of it hangs; gives back the exit code, or does not return when a reset begins.
  func end(rawArguments: [String]) -> Int32 {
    // Energy first, before anything that could wait for the loop, the log or the store.
    openContactors()
    let isReset = resetRequested.isRequested
    logger.notice(isReset ? "resetting" : "stopping")
    // A program that executes itself anew stays the same service: it gets one more time-out for that.
    serviceManager?.tell(isReset && profile.resetAction == .restart ? .alive : .stopping)
    let network = self.network
    let slot = network.ask(within: Self.loopLimit) { network.chargePoint?.overriddenSlot }
    // What can no longer be asked has nothing to store: the next start takes this one for a crash and loses nothing.
    let code = slot == nil ? leave() : stop()
    guard isReset else { return code }
    switch profile.resetAction {
    case .restart:
      // The run goes on: --csms stays with its slot, whichever the CSMS has put first meanwhile.
      let isNamed = rawArguments.contains { $0 == "--csms-slot" || $0.hasPrefix("--csms-slot=") }
      let slotArguments = isNamed ? [] : (slot ?? nil).map { ["--csms-slot", String($0)] } ?? []
      SelfRestart.execute(rawArguments + slotArguments)
      logger.critical("the program could not execute itself anew; exiting, so that the service manager restarts it")
      return ExitCode.internal
    case .reboot:
      if SelfRestart.rebootSystem() { return ExitCode.success }
      logger.critical("the system could not be restarted; exiting, so that the service manager restarts the program")
      return ExitCode.internal
    }
  }

  /// Whatever else may hang: nothing here waits but for the control thread. The loop hears of it before the contactors'
  /// facts.
  private func openContactors() {
    let network = self.network
    network.eventLoop.execute { network.turn { network.chargePoint?.prepareToStop() } }
    controlLane.stop(within: Self.openingLimit)
    network.controlLaneNotified()
  }

  private func stop() -> Int32 {
    let network = self.network
    let deadline = network.time.now + Self.stopLimit
    func ask<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) -> Answer? {
      network.ask(within: min(Self.loopLimit, max(.zero, deadline - network.time.now)), body)
    }
    guard ask({ network.turn { network.chargePoint?.stop() } }) != nil,
      let counters = ask({ network.contactors.takeMutation() })
    else { return leave() }
    let isStored = CleanMark.write([counters, registry.cleanMark], to: store, through: network) {
      network.time.now < deadline
    }
    if !isStored { logger.error("the clean stop could not be stored; the next start will count this as a crash") }
    guard ask({ network.stopDrivers() }) != nil else { return leave() }
    socket?.close()
    store.close()
    try? group.syncShutdownGracefully()
    return ExitCode.success
  }

  /// The network loop hangs: neither it nor what it owns can be ended in order.
  private func leave() -> Int32 {
    logger.critical("the network loop does not answer: ending without it; the next start will count this as a crash")
    return ExitCode.internal
  }
}
