import ChargerBase

/// The companion MCU of a charging station as `schema/pilot-mcu.md` describes it: bytes in, bytes out, its pins beside.
/// It has no clock and no thread; whoever holds it gives it the time, the bytes and what its pins measure.
///
///     mcu.sensed[0].positivePeakMillivolts = 9_000
///     mcu.receive(bytesFromTheStation, at: now)
///     line.write(mcu.advance(to: now))
///     contactor.isPowered = mcu.driven[0].isCoilOn
public struct PilotMicrocontroller: Sendable {
  public struct Configuration: Sendable, Equatable {
    /// The protocol's version that it speaks.
    public var major: UInt8 = 1
    public var minor: UInt8 = 1
    /// 1…8.
    public var connectors = 1
    /// It opens and goes to state F when it has not heard the station for so long.
    public var silence = Duration.milliseconds(300)
    /// From its decision to open main contacts, as it says of itself.
    public var opening = Duration.milliseconds(60)
    /// A status is sent at least so often.
    public var statusInterval = Duration.milliseconds(50)
    /// A lock's drive never has power for longer.
    public var longestDrive = Duration.milliseconds(600)
    /// A bit for each part that it has: auxiliary contact, lock, proximity, residual current, emergency stop, door, tilt,
    /// mains.
    public var parts: UInt16 = 0xFF
    /// At each connector, 0…8.
    public var temperatureSensors = 1

    public init(connectors: Int = 1) { self.connectors = connectors }
  }

  /// What its pins measure at one connector. Nil is what cannot be read.
  public struct Sensed: Sendable, Equatable {
    public enum Proximity: Sendable, Equatable {
      case open
      case ohms(Int)
    }

    public var positivePeakMillivolts: Int? = -12_000
    /// Nil while the output is steady.
    public var negativePeakMillivolts: Int?
    public var isAuxiliaryContactClosed: Bool? = false
    public var isLocked: Bool? = false
    public var proximity: Proximity? = .open
    public var isTripped: Bool? = false
    /// In tenths of a milliampere.
    public var residualCurrent: Int?
    public var isEmergencyStopActive: Bool? = false
    public var isDoorOpen: Bool? = false
    public var isTilted: Bool? = false
    public var isMainsMissing: Bool? = false
    /// In tenths of a degree Celsius.
    public var temperatures: [Int?] = [250]

    public init() {}
  }

  /// What its pins do at one connector.
  public struct Driven: Sendable, Equatable {
    public enum Pilot: Sendable, Equatable {
      case steadyNegative
      case steadyPositive
      /// In hundredths of a percent.
      case pulseWidth(UInt16)

      /// As the protocol numbers them.
      var kind: UInt8 {
        switch self {
        case .steadyNegative: 0
        case .steadyPositive: 1
        case .pulseWidth: 2
        }
      }
    }

    public enum LockDrive: UInt8, Sendable {
      case off, unlocking, locking
    }

    public var pilot = Pilot.steadyNegative
    public var isCoilOn = false
    public var lockDrive = LockDrive.off
    public var isTestCurrentOn = false
    /// Resets of the residual current monitor so far.
    public var residualCurrentResets = 0

    public init() {}
  }

  /// What can be wrong with it or with its line.
  public enum Fault: String, Sendable, CaseIterable {
    /// Frames are lost, both ways.
    case frameLoss
    /// Frames that it sends have a wrong checksum.
    case badChecksum
    /// Rubbish stands between the frames that it sends.
    case garbage
    case duplicatedFrames
    /// Of two frames that it sends the second comes first.
    case reorderedFrames
    /// It sends nothing.
    case silent
    /// It hears nothing.
    case deaf
    /// Its program hangs: its pins stay as they are, and its line repeats the last frame.
    case stuck
    /// Its converter gives values that cannot be.
    case rubbishMeasurements
  }

  public enum ResetReason: UInt8, Sendable {
    case unknown, powerOn, brownOut, watchdog, software, pin, fault
  }

  public var configuration: Configuration
  public var sensed: [Sensed]
  public internal(set) var driven: [Driven]
  public var faults: Set<Fault> = []
  /// A fault that concerns single frames hits each of so many.
  public var faultyEvery = 3
  /// Whether the station has a session with it.
  public var hasSession: Bool { session != 0 }
  /// The number of the present session; 0 for none.
  public var sessionNumber: UInt16 { session }
  /// Sessions since it was made, to 255.
  public var sessionsOpened: Int { Int(sessions) }
  public internal(set) var boot: UInt16 = 1
  /// Good commands so far, and frames that were none.
  public internal(set) var commands = 0
  public internal(set) var badFrames = 0

  var now = MonotonicInstant.zero
  var bootedAt = MonotonicInstant.zero
  var resetReason = ResetReason.powerOn
  var session: UInt16 = 0
  /// The number of the greeting that opened the session; 0 for a station that gives none.
  var greeting: UInt16 = 0
  /// A command was obeyed in the session.
  var hasObeyed = false
  var sessions: UInt16 = 0
  var sequence: UInt16 = 0
  var heardSequence: UInt16 = 0
  var heardAt = MonotonicInstant.zero
  var places: [Place]
  var incoming: [UInt8] = []
  var incomingFrames = 0
  var outgoing: [[UInt8]] = []
  var outgoingFrames = 0
  /// What it sent last, for a program that hangs.
  var lastSent: [UInt8] = []
  var lastSentAt = MonotonicInstant.zero
  var held: [UInt8]?

  /// What it knows of a connector beside its pins.
  struct Place: Sendable {
    var wantsClosed = false
    /// It has opened by itself: the station must command open, and then closed anew.
    var mustSeeOpen = false
    var accepted: UInt16 = 0
    var lockOrder: UInt8 = 0
    var lockTarget = false
    var drivenSince = MonotonicInstant.zero
    var resets: UInt8?
    var outsideSince: MonotonicInstant?
    var errors: UInt16 = 0
    var reported: [UInt8] = []
    var reportedAt: MonotonicInstant?
    var isAnswerOwed = false
    /// The pilot was changed since the pins were measured.
    var peaksAreOld = false
  }

  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    let count = min(max(configuration.connectors, 1), 8)
    self.configuration.connectors = count
    var first = Sensed()
    first.temperatures = Array(repeating: 250, count: min(max(configuration.temperatureSensors, 0), 8))
    sensed = Array(repeating: first, count: count)
    driven = Array(repeating: Driven(), count: count)
    places = Array(repeating: Place(), count: count)
  }

  /// Its program begins anew; all pins are in their safe position.
  public mutating func reset(_ reason: ResetReason, at now: MonotonicInstant) {
    boot &+= 1
    resetReason = reason
    bootedAt = now
    session = 0
    greeting = 0
    hasObeyed = false
    sequence = 0
    incoming = []
    outgoing = []
    held = nil
    faults.remove(.stuck)
    for index in driven.indices {
      let resets = driven[index].residualCurrentResets
      driven[index] = Driven()
      driven[index].residualCurrentResets = resets
      places[index] = Place()
    }
  }

  /// Takes bytes from the station.
  public mutating func receive(_ bytes: [UInt8], at now: MonotonicInstant) {
    self.now = max(self.now, now)
    guard !faults.contains(.deaf), !faults.contains(.stuck) else { return }
    incoming += bytes
    while let end = incoming.firstIndex(of: 0) {
      let stuffed = incoming[..<end]
      if !stuffed.isEmpty { takeFrame(stuffed) }
      incoming.removeSubrange(...end)
    }
    if incoming.count > 2 * PilotWire.longestBody { incoming = Array(incoming.suffix(PilotWire.longestBody)) }
  }

  /// Lets its time pass; gives what it sends.
  public mutating func advance(to now: MonotonicInstant) -> [UInt8] {
    self.now = max(self.now, now)
    if faults.contains(.stuck) {
      guard now - lastSentAt >= configuration.statusInterval else { return [] }
      lastSentAt = now
      return faults.contains(.silent) ? [] : lastSent
    }
    watchStation()
    for index in places.indices {
      watchOver(index)
      moveLock(index)
      tell(index)
    }
    return takeOutgoing()
  }

  /// When `advance` has something to do at the latest, when no pin changes before.
  public var nextDeadline: MonotonicInstant { now + .milliseconds(5) }
}
