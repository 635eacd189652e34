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

final class SocketContactor: Contactor {
  private let world: SocketWorld
  private let slot: Int
  private let bell: WakeBell
  private var watch: SilenceWatch
  private(set) var feedback: ContactorFeedback?

  init(_ connector: ConnectorID, in world: SocketWorld) {
    self.world = world
    let bell = WakeBell()
    self.bell = bell
    watch = SilenceWatch(limit: world.silence.contactor)
    slot = world.withSlots { slots in
      if let index = slots.contactors.firstIndex(where: { $0.connector == connector }) {
        slots.contactors[index].bell = bell
        return index
      }
      slots.contactors.append(WorldSlots.Contactor(connector: connector, bell: bell))
      return slots.contactors.count - 1
    }
    command(.open)
  }

  deinit { command(.open) }

  var wakeDescriptor: Int32? { bell.descriptor }
  var health: DriverHealth { watch.health }

  func service(at now: MonotonicInstant) {
    bell.silence()
    if let newest = world.withSlots({ [slot] in $0.contactors[slot].reading }) {
      feedback = newest
      watch.heard(at: newest.takenAt)
    }
    watch.check(at: now)
  }

  func command(_ position: ContactorPosition) {
    let isNew = world.withSlots { [slot] slots in
      guard slots.contactors[slot].wish != position else { return false }
      slots.contactors[slot].wish = position
      slots.contactors[slot].isDirty = true
      return true
    }
    if isNew { world.wake() }
  }
}

final class SocketMeter: EnergyMeter {
  private let world: SocketWorld
  private let slot: Int
  private let bell: WakeBell
  private var watch: SilenceWatch
  private(set) var latest: MeterReading?

  init(_ evse: EVSEID, in world: SocketWorld) {
    self.world = world
    let bell = WakeBell()
    self.bell = bell
    watch = SilenceWatch(limit: world.silence.meter)
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

  func service(at now: MonotonicInstant) {
    bell.silence()
    if let newest = world.withSlots({ [slot] in $0.meters[slot].reading }) {
      latest = newest
      watch.heard(at: newest.takenAt)
    }
    watch.check(at: now)
  }
}
