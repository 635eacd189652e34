import ChargerBase
import JSONRPC
import NIOCore
import SimulatedPeripherals
import SimulatedWorld

/// A companion controller on a serial line, and what hangs on its pins.
package struct ControllerFrontConfiguration: Sendable, Equatable {
  /// Where the driver finds the line.
  let path: String
  /// The world's connectors, in the order of the controller's own numbers.
  let connectors: [ConnectorID]
  /// Its coil outputs drive the contactors; else they only give GPIO coils their supply.
  let drivesContactors: Bool
  let drivesLocks: Bool
  let drivesTest: Bool
  /// It opens when it has not heard the station for so long.
  let silence: Duration

  static let maximumConnectors = 8

  init(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow([
      "front", "path", "connectors", "drivesContactors", "drivesLocks", "drivesTest", "silenceMilliseconds",
    ])
    path = try params.string("path", maximum: 200)
    drivesContactors = try params.optionalBool("drivesContactors") ?? true
    drivesLocks = try params.optionalBool("drivesLocks") ?? true
    drivesTest = try params.optionalBool("drivesTest") ?? true
    silence = .milliseconds(Int64(try params.optionalInteger("silenceMilliseconds", in: 50...10_000) ?? 300))
    var connectors: [ConnectorID] = []
    for connector in try params.objects("connectors", maximum: Self.maximumConnectors) {
      try connector.allow(["evse", "connector"])
      connectors.append(try connector.connector())
    }
    guard !connectors.isEmpty else { throw params.wrong("connectors", "missing") }
    self.connectors = connectors
  }
}

/// The world's pilots, and what else a companion controller measures and switches, behind its serial line.
final class ControllerFront: WorldFront {
  /// The controller's own cycle.
  static let interval = Duration.milliseconds(5)
  /// Its own watchdog resets it when its program hangs (`schema/pilot-mcu.md`).
  static let watchdog = Duration.milliseconds(500)
  /// How late it hears when it lags.
  static let lag = Duration.milliseconds(120)

  private let configuration: ControllerFrontConfiguration
  private var wire: SerialWire?
  private var controller: PilotMicrocontroller
  private var received: [[UInt8]] = []
  /// Heard, but not read by a program that lags; the oldest first.
  private var unread: [(since: MonotonicInstant, bytes: [UInt8])] = []
  private var lags = false
  private var hadSession = false
  /// What was last done for each connector.
  private var done: [PilotMicrocontroller.Driven?]
  private(set) var nextInstant = MonotonicInstant.zero
  /// When the world last let its time pass: a reset happens at the next cycle.
  private var owedReset = false
  /// Since when its program hangs, or has hung again after a reset.
  private var hangsSince: MonotonicInstant?
  private var hangs = false

  init(_ configuration: ControllerFrontConfiguration, eventLoop: any EventLoop, wake: @escaping () -> Void) {
    self.configuration = configuration
    var own = PilotMicrocontroller.Configuration(connectors: configuration.connectors.count)
    own.silence = configuration.silence
    controller = PilotMicrocontroller(own)
    done = Array(repeating: nil, count: configuration.connectors.count)
    wire = SerialWire(path: configuration.path, eventLoop: eventLoop) { [weak self] bytes in
      self?.received.append(bytes)
      wake()
    }
  }

  /// It hears the station: the coils that it supplies have voltage.
  var suppliesCoils: Bool { controller.hasSession }

  func open() throws { try wire?.open() }

  func close() { wire?.close() }

  let faults: [WireFault] = [
    .controllerSilent, .controllerDeaf, .controllerHangs, .controllerWrongCheck, .controllerGarbage,
    .controllerLosesFrames, .controllerRubbishMeasurements, .controllerResets, .controllerOtherProtocol,
    .controllerUnplugged, .controllerDoublesFrames, .controllerSwapsFrames, .controllerLags,
  ]

  func set(_ fault: WireFault, active: Bool, evse: EVSEID?) {
    let own: PilotMicrocontroller.Fault
    switch fault {
    case .controllerSilent: own = .silent
    case .controllerDeaf: own = .deaf
    case .controllerHangs:
      own = .stuck
      hangs = active
      hangsSince = nil
    case .controllerWrongCheck: own = .badChecksum
    case .controllerGarbage: own = .garbage
    case .controllerLosesFrames: own = .frameLoss
    case .controllerRubbishMeasurements: own = .rubbishMeasurements
    case .controllerDoublesFrames: own = .duplicatedFrames
    case .controllerSwapsFrames: own = .reorderedFrames
    case .controllerLags:
      lags = active
      return
    case .controllerResets:
      owedReset = active
      return
    case .controllerOtherProtocol:
      (controller.configuration.major, controller.configuration.minor) = active ? (2, 0) : (1, 1)
      owedReset = true
      return
    case .controllerUnplugged:
      if active { wire?.close() } else { try? wire?.open() }
      return
    default: return
    }
    if active { controller.faults.insert(own) } else { controller.faults.remove(own) }
  }

  func step(_ world: inout SimulatedWorld, at now: MonotonicInstant) {
    guard nextInstant <= now || !received.isEmpty else { return }
    if owedReset {
      owedReset = false
      controller.reset(.watchdog, at: now)
    }
    watchProgram(at: now)
    for (place, id) in configuration.connectors.enumerated() { sense(place, id, in: world) }
    hear(at: now)
    let output = controller.advance(to: now)
    wire?.write(output)
    nextInstant = now + Self.interval
    for (place, id) in configuration.connectors.enumerated() { drive(place, id, in: &world) }
    if hadSession, !controller.hasSession { world.companionControllerActs() }
    hadSession = controller.hasSession
  }

  private func hear(at now: MonotonicInstant) {
    for bytes in received { unread.append((now, bytes)) }
    received.removeAll()
    while let oldest = unread.first, !lags || now - oldest.since >= Self.lag {
      unread.removeFirst()
      controller.receive(oldest.bytes, at: now)
    }
  }

  /// A program that hangs is reset by the watchdog, with all pins in their idle position, and hangs again.
  private func watchProgram(at now: MonotonicInstant) {
    guard hangs else { return }
    let since = hangsSince ?? now
    hangsSince = since
    guard now - since >= Self.watchdog else { return }
    hangsSince = now
    controller.reset(.watchdog, at: now)
    controller.faults.insert(.stuck)
  }

  // MARK: Pins

  private func sense(_ place: Int, _ id: ConnectorID, in world: SimulatedWorld) {
    guard controller.sensed.indices.contains(place) else { return }
    var pins = PilotMicrocontroller.Sensed()
    let peaks = world.pilotPeaks(of: id)
    pins.positivePeakMillivolts = peaks.map { Int(clamping: $0.positive.millivolts) }
    pins.negativePeakMillivolts = peaks?.negative.map { Int(clamping: $0.millivolts) }
    pins.isAuxiliaryContactClosed = world.isContactorClosed(of: id)
    pins.isLocked = world.isLockEngaged(of: id)
    switch world.proximity(of: id) {
    case .open: pins.proximity = .open
    case .resistance(let resistance): pins.proximity = .ohms(Int(clamping: resistance.thousandths / 1_000))
    case nil: pins.proximity = nil
    }
    pins.isTripped = world.isResidualCurrentTripped(of: id.evse)
    func contact(_ kind: SafetyContact) -> Bool? {
      world.safetyContact(kind, of: id.evse) ?? world.safetyContact(kind, of: nil)
    }
    pins.isEmergencyStopActive = contact(.emergencyStop)
    pins.isDoorOpen = contact(.door)
    pins.isTilted = contact(.tilt)
    pins.isMainsMissing = contact(.mainsLoss)
    pins.temperatures = [world.temperature(of: id.evse, sensor: 0).map { Int(clamping: $0.thousandths / 100) } ?? 250]
    controller.sensed[place] = pins
  }

  private func drive(_ place: Int, _ id: ConnectorID, in world: inout SimulatedWorld) {
    guard controller.driven.indices.contains(place) else { return }
    let driven = controller.driven[place]
    let last = done[place]
    guard driven != last else { return }
    done[place] = driven
    if driven.pilot != last?.pilot { world.applyPilot(PilotSignal(driven.pilot), to: id) }
    if configuration.drivesContactors, driven.isCoilOn != last?.isCoilOn {
      world.commandContactor(closed: driven.isCoilOn, of: id)
    }
    if configuration.drivesLocks, driven.lockDrive != last?.lockDrive, driven.lockDrive != .off {
      world.commandLock(locked: driven.lockDrive == .locking, of: id)
    }
    guard configuration.drivesTest else { return }
    if driven.isTestCurrentOn != last?.isTestCurrentOn { world.setTestCurrent(driven.isTestCurrentOn, of: id.evse) }
    if driven.residualCurrentResets != last?.residualCurrentResets ?? 0 { world.resetResidualCurrent(of: id.evse) }
  }
}

extension PilotSignal {
  fileprivate init(_ pilot: PilotMicrocontroller.Driven.Pilot) {
    switch pilot {
    case .steadyNegative: self = .steadyNegative
    case .steadyPositive: self = .steadyPositive
    case .pulseWidth(let duty): self = .pulseWidth(hundredthsOfPercent: duty)
    }
  }
}
