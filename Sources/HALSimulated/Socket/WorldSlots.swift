import CLinux
import ChargerBase
import HAL
import OCPPJSON
import SimulatedWorld
import Synchronization

/// What lies between the lanes and the driver thread: for each part of the station the newest reading and the newest
/// wish. Nothing queues up: wishes and readings coalesce, tokens are bounded.
struct WorldSlots {
  var pilots: [Pilot] = []
  var contactors: [Contactor] = []
  var meters: [Meter] = []
  var parts: [Part] = []
  /// A feed or the disarming that was not sent yet; never said again.
  var watchdogOrder: WatchdogOrder?
  var readers: [Reader] = []
  var lights: [Light] = []
  /// Areas of the display that have been written on: at most one per EVSE and one for the whole.
  var lines: [Lines] = []
  var keypads: [Pad] = []
  var startButtons: [Button] = []
  var parkingBays: [Bay] = []
  var choice = Choice()
  var isConnected = false
  /// How often a connection has ended.
  var outages: UInt64 = 0
  var networkUp = true
  /// Whose drivers are to be woken when the slots are free again; one a part at most.
  private(set) var bellsToRing: [WakeBell] = []

  /// The newest `driver.readings`; the world sends the same again and again while nothing happens.
  private var lastReadings: JSONValue?
  /// The drivers that there were then.
  private var driversThen = 0

  /// Whether nothing but the time is new in these readings: then that is noted.
  mutating func takeRepeated(_ readings: JSONValue, at now: MonotonicInstant) -> Bool {
    let drivers =
      pilots.count + contactors.count + parts.count + readers.count + keypads.count + startButtons.count
      + parkingBays.count
    guard drivers == driversThen, readings == lastReadings else {
      lastReadings = readings
      driversThen = drivers
      for index in pilots.indices { pilots[index].isInLastReadings = false }
      for index in contactors.indices { contactors[index].isInLastReadings = false }
      for index in parts.indices { parts[index].isInLastReadings = false }
      return false
    }
    for index in pilots.indices where pilots[index].isInLastReadings { pilots[index].reading?.takenAt = now }
    for index in contactors.indices where contactors[index].isInLastReadings {
      contactors[index].reading?.takenAt = now
    }
    for index in parts.indices where parts[index].isInLastReadings { parts[index].reading?.takenAt = now }
    return true
  }

  mutating func ringLater(_ bell: WakeBell) {
    if !bellsToRing.contains(where: { $0 === bell }) { bellsToRing.append(bell) }
  }

  mutating func takeBells() -> [WakeBell] {
    guard !bellsToRing.isEmpty else { return [] }
    defer { bellsToRing = [] }
    return bellsToRing
  }

  struct Pilot {
    let connector: ConnectorID
    var wish: PilotOutput?
    var isDirty = false
    var reading: PilotMeasurement?
    var isInLastReadings = false
    var bell: WakeBell
  }

  struct Contactor {
    let connector: ConnectorID
    var wish: ContactorPosition?
    var isDirty = false
    var reading: ContactorFeedback?
    var isInLastReadings = false
    var bell: WakeBell
  }

  struct Meter {
    let evse: EVSEID
    var reading: MeterReading?
    /// A request for a signed reading that was not sent yet.
    var request: SignedReadingRequest?
    /// The newest answer; a meter has one request at a time.
    var answer: SignedReadingAnswer?
    var bell: WakeBell
  }

  struct Part {
    let part: WorldPart
    var wish: Int64?
    var isDirty = false
    var wantsReset = false
    var reading: PartReading?
    var isInLastReadings = false
    var bell: WakeBell
  }

  enum WatchdogOrder {
    case feed(Duration)
    case disarm
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

  /// After a connection was made, every wish is said again; `forgetPower` has made those harmless that could be heard
  /// as a closing that nobody has just decided.
  mutating func markAllDirty() {
    for index in pilots.indices { pilots[index].isDirty = pilots[index].wish != nil }
    for index in contactors.indices { contactors[index].isDirty = contactors[index].wish != nil }
    for index in parts.indices { parts[index].isDirty = parts[index].wish != nil }
    for index in lights.indices { lights[index].isDirty = lights[index].wish != nil }
    for index in lines.indices { lines[index].isDirty = true }
    choice.isDirty = !choice.wish.isEmpty
  }

  /// The connection is gone: what was decided before it went is not decided any more. Contactors are wanted open and
  /// test currents off until they are commanded anew, and what was not sent is not sent late.
  mutating func forgetPower() {
    lastReadings = nil
    outages = outages.addingSaturating(1)
    for index in contactors.indices { contactors[index].wish = .open }
    for index in parts.indices {
      if case .residualCurrent = parts[index].part { parts[index].wish = 0 }
      parts[index].wantsReset = false
    }
    for index in meters.indices { meters[index].request = nil }
    watchdogOrder = nil
  }
}

/// An event descriptor that a driver is woken by; closed when nobody holds it any more.
final class WakeBell: Sendable {
  let descriptor = linux_eventfd()
  /// Rings that were begun and not taken: while there are none, silencing costs no system call. Counted before the
  /// descriptor is written, so that no ring is overheard.
  private let begun = Atomic<UInt64>(0)

  deinit { close(descriptor) }

  func ring() {
    begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
    linux_eventfd_signal(descriptor)
  }

  func silence() {
    guard begun.load(ordering: .sequentiallyConsistent) > 0 else { return }
    begun.wrappingSubtract(linux_eventfd_take(descriptor), ordering: .sequentiallyConsistent)
  }
}
