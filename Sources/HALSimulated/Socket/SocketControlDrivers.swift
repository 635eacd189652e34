import ChargerBase
import HAL
import SimulatedWorld

final class SocketPilot: ControlPilot {
  private let world: SocketWorld
  private let slot: Int
  private let bell: WakeBell
  private var watch: SilenceWatch
  private(set) var measurement: PilotMeasurement?

  init(_ connector: ConnectorID, in world: SocketWorld) {
    self.world = world
    let bell = WakeBell()
    self.bell = bell
    watch = SilenceWatch(limit: world.silence.pilot)
    slot = world.withSlots { slots in
      if let index = slots.pilots.firstIndex(where: { $0.connector == connector }) {
        slots.pilots[index].bell = bell
        return index
      }
      slots.pilots.append(WorldSlots.Pilot(connector: connector, bell: bell))
      return slots.pilots.count - 1
    }
  }

  var wakeDescriptor: Int32? { bell.descriptor }
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    bell.silence()
    if let newest = world.withSlots({ [slot] in $0.pilots[slot].reading }) {
      measurement = newest
      watch.heard(at: newest.takenAt)
    }
    watch.check(at: now)
  }

  func apply(_ output: PilotOutput) {
    let isNew = world.withSlots { [slot] slots in
      guard slots.pilots[slot].wish != output else { return false }
      slots.pilots[slot].wish = output
      slots.pilots[slot].isDirty = true
      return true
    }
    if isNew { world.wake() }
  }
}

/// The command to close is never said again after an outage: the lane has decided it by what it knew before. From an
/// outage until the lane has commanded "open" the driver is silent, so that the lane hears of an outage however short.
final class SocketContactor: Contactor {
  private let world: SocketWorld
  private let slot: Int
  private let bell: WakeBell
  private var watch: SilenceWatch
  private(set) var feedback: ContactorFeedback?
  private var commanded = ContactorPosition.open
  /// Outages that `service` has seen; what the lane commands rests on what it heard then.
  private var seenOutages: UInt64
  /// Since when a command to close is lost to an outage.
  private var lostSince: MonotonicInstant?

  init(_ connector: ConnectorID, in world: SocketWorld) {
    self.world = world
    let bell = WakeBell()
    self.bell = bell
    watch = SilenceWatch(limit: world.silence.contactor)
    (slot, seenOutages) = world.withSlots { slots in
      if let index = slots.contactors.firstIndex(where: { $0.connector == connector }) {
        slots.contactors[index].bell = bell
        return (index, slots.outages)
      }
      slots.contactors.append(WorldSlots.Contactor(connector: connector, bell: bell))
      return (slots.contactors.count - 1, slots.outages)
    }
    command(.open)
  }

  deinit { command(.open) }

  var wakeDescriptor: Int32? { bell.descriptor }
  var health: DriverHealth { lostSince.map { .silent(since: $0) } ?? watch.health }

  func service(at now: MonotonicInstant) {
    bell.silence()
    let (reading, outages) = world.withSlots { [slot] in ($0.contactors[slot].reading, $0.outages) }
    if let reading {
      feedback = reading
      watch.heard(at: reading.takenAt)
    }
    watch.check(at: now)
    if outages != seenOutages {
      seenOutages = outages
      if commanded == .closed, lostSince == nil { lostSince = now }
    }
  }

  func command(_ position: ContactorPosition) {
    commanded = position
    if position == .open { lostSince = nil }
    let (isNew, isLost) = world.withSlots { [slot, seenOutages] slots in
      // Decided before an outage that was not seen yet, or while there is no connection.
      guard position == .open || (slots.isConnected && slots.outages == seenOutages) else { return (false, true) }
      guard slots.contactors[slot].wish != position else { return (false, false) }
      slots.contactors[slot].wish = position
      slots.contactors[slot].isDirty = true
      return (true, false)
    }
    if isLost, lostSince == nil { lostSince = world.now }
    if isNew { world.wake() }
  }
}

final class SocketMeter: EnergyMeter {
  private let world: SocketWorld
  private let slot: Int
  private let bell: WakeBell
  private var watch: SilenceWatch
  private var desk: SigningDesk
  private(set) var latest: MeterReading?

  init(_ evse: EVSEID, signingTimeout: Duration?, in world: SocketWorld) {
    self.world = world
    let bell = WakeBell()
    self.bell = bell
    watch = SilenceWatch(limit: world.silence.meter)
    desk = SigningDesk(timeout: signingTimeout)
    slot = world.withSlots { slots in
      if let index = slots.meters.firstIndex(where: { $0.evse == evse }) {
        slots.meters[index].bell = bell
        return index
      }
      slots.meters.append(WorldSlots.Meter(evse: evse, bell: bell))
      return slots.meters.count - 1
    }
  }

  var wakeDescriptor: Int32? { bell.descriptor }
  var health: DriverHealth { watch.health }
  var signingTimeout: Duration? { desk.timeout }

  func service(at now: MonotonicInstant) {
    bell.silence()
    if let newest = world.withSlots({ [slot] in $0.meters[slot].reading }) {
      latest = newest
      watch.heard(at: newest.takenAt)
    }
    if signingTimeout != nil {
      let answer = world.withSlots { [slot] slots in
        defer { slots.meters[slot].answer = nil }
        return slots.meters[slot].answer
      }
      if let answer { desk.take(answer) }
      desk.check(at: now)
    }
    watch.check(at: now)
  }

  func requestSignedReading(_ request: SignedReadingRequest) -> Bool {
    guard desk.isFree, watch.health == .alive else { return false }
    let isTaken = world.withSlots { [slot] slots in
      guard slots.isConnected else { return false }
      slots.meters[slot].request = request
      slots.meters[slot].answer = nil
      return true
    }
    guard isTaken else { return false }
    desk.took(request, at: world.now)
    world.wake()
    return true
  }

  func takeSignedReading() -> SignedReadingAnswer? { desk.takeAnswer() }
}
