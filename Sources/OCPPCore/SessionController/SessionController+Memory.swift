import ChargerBase
import OCPPPorts
import OCPPTypes

/// A remote start that the CSMS was told to be accepted, until its token is known to be good or not.
struct RemoteStart {
  var authorization: SessionAuthorization
  var evses: [EVSEID]
  var until: MonotonicInstant
  /// Asked about in this run of the program.
  var isAsked: Bool
}

// Drivers and cables that survive the death of the program. What changes is stored in the commit of the event that it
// comes with, where there is one, so that a driver is never in two places, nor in none.

extension SessionController {
  static let driversKey = "drivers"

  func evseKey(_ evse: EVSEID) -> String { "evse.\(evse.number)" }

  /// The change of an EVSE's memory that is to be stored, and those of the drivers without an EVSE.
  func takeMemoryChanges(at place: Int) -> [StoreMutation] {
    let memory = slots[place].machine.memory(settings)
    guard memory != slots[place].memory else { return takeDriverChanges() }
    slots[place].memory = memory
    let key = evseKey(slots[place].machine.evse)
    let change: StoreMutation =
      memory.isEmpty ? .removeDocument(.session, key: key) : .putDocument(.session, key: key, body: memory.stored)
    return [change] + takeDriverChanges()
  }

  private func takeDriverChanges() -> [StoreMutation] {
    let drivers =
      undecided.map {
        StoredDriver(authorization: $0.authorization, evses: $0.evses, expiry: time(at: $0.until), isAccepted: true)
      }
      + remoteStarts.map {
        StoredDriver(authorization: $0.authorization, evses: $0.evses, expiry: time(at: $0.until), isAccepted: false)
      }
    guard drivers != storedDrivers else { return [] }
    storedDrivers = drivers
    guard !drivers.isEmpty else { return [.removeDocument(.session, key: Self.driversKey)] }
    return [.putDocument(.session, key: Self.driversKey, body: StoredDriver.document(drivers))]
  }

  /// Stores what has changed of the drivers without an EVSE; `whenDone` says whether it is on disk.
  func storeDrivers(whenDone: ((Bool) -> Void)? = nil) {
    let changes = takeDriverChanges()
    guard !changes.isEmpty else {
      whenDone?(true)
      return
    }
    services.save(changes, durability: .full, whenDone: whenDone)
  }

  /// A moment of this boot, in the form that is stored.
  private func time(at instant: MonotonicInstant) -> EventTime {
    let present = services.eventTime
    return EventTime(
      boot: present.boot, instant: instant, wall: present.wall.map { $0 + present.instant.duration(to: instant) })
  }

  // MARK: - Start

  func restoreMemory(_ documents: [StoreSnapshot.Document]) {
    for document in documents where document.kind == .session {
      if document.key == Self.driversKey {
        restoreDrivers(document.body)
      } else if let place = slots.indices.first(where: { evseKey(slots[$0].machine.evse) == document.key }),
        var memory = SessionMemory(stored: document.body, evse: slots[place].machine.evse)
      {
        slots[place].memory = memory
        memory.expiry = known(memory.expiry)
        run(slots[place].machine.evse) { machine, context in machine.restore(memory, context) }
      } else {
        services.note(EngineEvent(.storage, "what was stored as \(document.key) could not be read"))
      }
    }
    storeDrivers()
  }

  private func restoreDrivers(_ body: [UInt8]) {
    let drivers = StoredDriver.read(body, limit: slots.count + Self.maximumQuestions)
    storedDrivers = drivers
    for driver in drivers {
      let left = remaining(until: driver.expiry)
      let evses = driver.evses.filter { place(of: $0) != nil }
      guard left > .zero, !evses.isEmpty else { continue }
      if !driver.isAccepted {
        remoteStarts.append(
          RemoteStart(
            authorization: driver.authorization, evses: evses, until: services.now + left, isAsked: false))
      } else if undecided.count < slots.count {
        undecided.append(
          UndecidedDriver(authorization: driver.authorization, evses: evses, until: services.now + left))
      }
    }
  }

  private func known(_ time: EventTime?) -> EventTime? {
    guard var time, time.wall == nil else { return time }
    // From the same boot's clock: a later moment of a boot that is over has no other.
    time.wall = services.wallTime(of: time)
    return time
  }

  /// Zero where it cannot be known: an authorization of an earlier boot counts when the clock proves that its time has
  /// not run out (C01.FR.26).
  private func remaining(until expiry: EventTime) -> Duration {
    guard let expiry = known(expiry),
      let left = EVSESessionStateMachine.duration(from: services.eventTime, to: expiry)
    else { return .zero }
    return min(max(.zero, left), settings.connectionTimeout)
  }

  // MARK: - Remote starts

  /// The link is back: what was being asked about when the program died is asked about again (F01.FR.01).
  func askAboutRemoteStarts() {
    for place in remoteStarts.indices where !remoteStarts[place].isAsked {
      remoteStarts[place].isAsked = true
      let start = remoteStarts[place]
      services.later { [weak self] in self?.beginRemoteStart(start.authorization, at: start.evses) }
    }
  }

  func forgetRemoteStart(_ id: Int32?) {
    remoteStarts.removeAll { $0.authorization.remoteStartID == id }
  }

  /// One that could not be asked about in time is given up.
  func expireDrivers(at now: MonotonicInstant) {
    let wereWaiting = !undecided.isEmpty
    undecided.removeAll { $0.until <= now }
    if wereWaiting, undecided.isEmpty { services.show(.available, at: nil) }
    remoteStarts.removeAll { !$0.isAsked && $0.until <= now }
    storeDrivers()
  }
}
