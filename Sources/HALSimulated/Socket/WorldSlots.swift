import CLinux
import ChargerBase
import HAL
import SimulatedWorld

/// What lies between the lanes and the driver thread: for each part of the station the newest reading and the newest
/// wish. Nothing queues up: wishes and readings coalesce, tokens are bounded.
struct WorldSlots {
  var pilots: [Pilot] = []
  var contactors: [Contactor] = []
  var meters: [Meter] = []
  var readers: [Reader] = []
  var lights: [Light] = []
  /// Areas of the display that have been written on: at most one per EVSE and one for the whole.
  var lines: [Lines] = []
  var isConnected = false
  var networkUp = true

  struct Pilot {
    let connector: ConnectorID
    var wish: PilotOutput?
    var isDirty = false
    var reading: PilotMeasurement?
    var bell: WakeBell
  }

  struct Contactor {
    let connector: ConnectorID
    var wish: ContactorPosition?
    var isDirty = false
    var reading: ContactorFeedback?
    var bell: WakeBell
  }

  struct Meter {
    let evse: EVSEID
    var reading: MeterReading?
    var bell: WakeBell
  }

  struct Reader {
    static let capacity = 16
    let name: String
    var waiting = BoundedRing<PresentedToken>(capacity: Reader.capacity)
    var silentSince: MonotonicInstant?
    var notify: (@Sendable () -> Void)?
  }

  struct Light {
    let evse: EVSEID
    var wish: LightPattern?
    var isDirty = false
  }

  struct Lines {
    let evse: EVSEID?
    var wish: [String] = []
    var isDirty = false
  }

  /// After a connection was made, every wish is said again.
  mutating func markAllDirty() {
    for index in pilots.indices { pilots[index].isDirty = pilots[index].wish != nil }
    for index in contactors.indices { contactors[index].isDirty = contactors[index].wish != nil }
    for index in lights.indices { lights[index].isDirty = lights[index].wish != nil }
    for index in lines.indices { lines[index].isDirty = true }
  }
}

/// An event descriptor that a driver is woken by; closed when nobody holds it any more.
final class WakeBell: Sendable {
  let descriptor = linux_eventfd()
  deinit { close(descriptor) }
  func ring() { linux_eventfd_signal(descriptor) }
  func silence() { linux_eventfd_drain(descriptor) }
}
