import ChargerBase
import OCPPPorts
import OCPPTypes

/// When to dial, when to register and when messages may flow: the connection (Part 4 §5.3), the registration (B01 to
/// B03) and the choice of network profile (B10), without any I/O. Transitions return what has to be done.
struct SessionStateMachine {
  enum Connection: Equatable {
    /// Not wanted, or not started.
    case idle
    case waiting(until: MonotonicInstant)
    case dialing(LinkAttempt)
    case open(LinkAttempt)
    /// Closed by us; `redials` says whether the next dial follows at once.
    case closing(LinkAttempt, redials: Bool)
  }

  enum Registration: Equatable {
    /// No answer to a BootNotification yet; the next one not before `notBefore`.
    case unregistered(notBefore: MonotonicInstant)
    /// Pending or Rejected; the next BootNotification when `retryAt` has come.
    case refused(RegistrationStatus, retryAt: MonotonicInstant, slot: Int32?)
    case accepted(slot: Int32?)
  }

  enum Action: Equatable {
    case dial(LinkAttempt, slot: Int32)
    case close(code: UInt16, reason: String)
    case sendBootNotification(BootReason)
    /// The registration stands on an open link. `offlineFor` is nil at the first time since start.
    case wentOnline(offlineFor: Duration?)
    case wentOffline
    case linkChanged
  }

  /// What the device model says, read anew for each transition.
  struct Settings {
    var waitMinimum: Duration
    var repeatTimes: Int32
    var randomRange: Duration
    /// NetworkProfileConnectionAttempts.
    var attemptsPerSlot: Int32
    /// Our own wait where the CSMS gives none (B02.FR.07, B03.FR.05).
    var bootRetryInterval: Duration
  }

  private(set) var connection = Connection.idle
  private(set) var registration = Registration.unregistered(notBefore: .zero)
  private(set) var isBootNotificationUnanswered = false
  private(set) var lastFailure: (reason: String, at: MonotonicInstant)?
  private(set) var failedDials: Int32 = 0
  private var bootReason: BootReason
  private var rotation: SlotRotation
  private var attemptNumber: UInt64 = 0
  private var offlineSince: MonotonicInstant?
  private var isWanted = false
  private var acceptedAt = MonotonicInstant.zero

  /// `slots` is NetworkConfigurationPriority; `lastGoodSlot` is where a link stood last, in this run or before it.
  init(slots: [Int32], lastGoodSlot: Int32? = nil, bootReason: BootReason) {
    rotation = SlotRotation(priority: slots, lastGood: lastGoodSlot)
    self.bootReason = bootReason
  }

  /// The slot of the link, or of the next dial; nil while there is none to dial.
  var slot: Int32? { rotation.current }
  var openAttempt: LinkAttempt? { if case .open(let attempt) = connection { attempt } else { nil } }
  var isAccepted: Bool { if case .accepted = registration { true } else { false } }
  /// Messages may flow: registered on the link that is open.
  var isOnline: Bool { openAttempt != nil && isAccepted }
  var status: RegistrationStatus? {
    switch registration {
    case .unregistered: nil
    case .refused(let status, _, _): status
    case .accepted: .accepted
    }
  }

  var nextDeadline: MonotonicInstant {
    switch connection {
    case .waiting(let until): return until
    case .open where !isBootNotificationUnanswered:
      switch registration {
      case .unregistered(let notBefore): return notBefore
      case .refused(_, let retryAt, _): return retryAt
      case .accepted: return .distantFuture
      }
    default: return .distantFuture
    }
  }

  // MARK: What the firmware wants

  /// Connects, or reconnects so that `slot` takes effect.
  mutating func connect(slot wanted: Int32?, at now: MonotonicInstant) -> [Action] {
    isWanted = true
    let before = rotation.current
    if let wanted { rotation.use(wanted) }
    switch connection {
    case .idle, .waiting: return dial()
    case .dialing(let attempt):
      guard rotation.current != before else { return [] }
      connection = .closing(attempt, redials: true)
      return [.close(code: 1000, reason: "another slot")]
    case .open(let attempt):
      connection = .closing(attempt, redials: true)
      return goneOffline(at: now) + [.close(code: 1000, reason: "reconnecting")]
    case .closing(let attempt, _):
      connection = .closing(attempt, redials: true)
      return []
    }
  }

  mutating func disconnect(code: UInt16 = 1000, reason: String, at now: MonotonicInstant) -> [Action] {
    isWanted = false
    switch connection {
    case .idle, .waiting:
      connection = .idle
      return []
    case .dialing(let attempt), .closing(let attempt, _):
      connection = .closing(attempt, redials: false)
      return [.close(code: code, reason: reason)]
    case .open(let attempt):
      connection = .closing(attempt, redials: false)
      return goneOffline(at: now) + [.close(code: code, reason: reason)]
    }
  }

  /// Closes a link whose peer misbehaves; the next dial comes after the usual back-off.
  mutating func abandon(code: UInt16, reason: String, at now: MonotonicInstant) -> [Action] {
    guard let attempt = openAttempt else { return [] }
    connection = .closing(attempt, redials: false)
    lastFailure = (reason, now)
    return goneOffline(at: now) + [.close(code: code, reason: reason)]
  }

  /// The network interface of the present slot is gone: the next slot is dialed at once, instead of waiting for a ping
  /// that stays unanswered. With one slot only, it is dialed again after the usual back-off.
  mutating func interfaceLost(at now: MonotonicInstant) -> [Action] {
    let hasOther = rotation.giveUp()
    lastFailure = ("the network interface is down", now)
    switch connection {
    case .idle, .closing: return []
    case .waiting: return hasOther ? dial() : []
    case .dialing(let attempt):
      connection = .closing(attempt, redials: hasOther)
      return [.close(code: 1001, reason: "network interface down")]
    case .open(let attempt):
      connection = .closing(attempt, redials: hasOther)
      return goneOffline(at: now) + [.close(code: 1001, reason: "network interface down")]
    }
  }

  /// The priority list has changed for good, without a restart (A05.FR.06).
  mutating func setPriority(_ slots: [Int32]) { rotation.setPriority(slots) }

  /// Something in the BootNotification has changed: the CSMS is told, at the next link at the latest (Part 4 §5.3).
  mutating func bootContentChanged(at now: MonotonicInstant) -> [Action] {
    guard isAccepted else { return [] }
    let actions = openAttempt == nil ? [] : goneOffline(at: now)
    registration = .unregistered(notBefore: now)
    return actions + timerFired(at: now)
  }

  /// The CSMS has refused a message with SecurityError, which the standard has for a station that it has not accepted
  /// (B01.FR.10, B02.FR.09, B03.FR.07): it may have forgotten us. Nothing more is sent before it has accepted a
  /// BootNotification (B01.FR.08, B02.FR.02). One that refuses a message for itself does not make us register for ever.
  mutating func registrationDoubted(at now: MonotonicInstant, settings: Settings) -> [Action] {
    guard isAccepted, openAttempt != nil, now >= acceptedAt + settings.bootRetryInterval else { return [] }
    let actions = goneOffline(at: now)
    // A CSMS that has forgotten us knows no status either (B01.FR.05).
    offlineSince = nil
    registration = .unregistered(notBefore: now)
    return actions + [.linkChanged] + timerFired(at: now)
  }

  // MARK: What the link tells

  mutating func opened(_ attempt: LinkAttempt, at now: MonotonicInstant) -> [Action] {
    guard case .dialing(attempt) = connection else {
      // Disconnected while dialing: the close that was asked for still comes.
      return []
    }
    connection = .open(attempt)
    failedDials = 0
    rotation.succeeded()
    lastFailure = nil
    isBootNotificationUnanswered = false
    if case .accepted(let acceptedSlot) = registration {
      if acceptedSlot == slot { return [.linkChanged, goneOnline(at: now)] }
      // Another network profile: the CSMS there does not know us (B10.FR.10).
      registration = .unregistered(notBefore: now)
      offlineSince = nil
    } else if case .refused(_, _, let refusingSlot) = registration, refusingSlot != slot {
      // What another CSMS wants us to wait for does not hold here.
      registration = .unregistered(notBefore: now)
    }
    return [.linkChanged] + timerFired(at: now)
  }

  mutating func failed(
    _ attempt: LinkAttempt, _ reason: String, at now: MonotonicInstant, settings: Settings, random: () -> UInt64
  ) -> [Action] {
    switch connection {
    case .dialing(attempt):
      lastFailure = (reason, now)
      rotation.failed(attempts: settings.attemptsPerSlot)
      wait(at: now, settings: settings, random: random)
      return [.linkChanged]
    case .closing(attempt, let redials):
      connection = .idle
      if redials { return dial() }
      if isWanted { wait(at: now, settings: settings, random: random) }
      return []
    default: return []
    }
  }

  mutating func closed(
    _ attempt: LinkAttempt, _ reason: String, at now: MonotonicInstant, settings: Settings, random: () -> UInt64
  ) -> [Action] {
    switch connection {
    case .open(attempt), .dialing(attempt):
      lastFailure = (reason, now)
      wait(at: now, settings: settings, random: random)
      return goneOffline(at: now) + [.linkChanged]
    case .closing(attempt, let redials):
      connection = .idle
      if redials { return [.linkChanged] + dial() }
      if isWanted { wait(at: now, settings: settings, random: random) }
      return [.linkChanged]
    default: return []
    }
  }

  // MARK: What the CSMS answers

  mutating func bootNotificationAnswered(
    _ status: RegistrationStatus, interval: Int32, at now: MonotonicInstant, settings: Settings
  ) -> [Action] {
    isBootNotificationUnanswered = false
    switch status {
    case .accepted:
      let wasAccepted = isAccepted
      registration = .accepted(slot: slot)
      acceptedAt = now
      // What is sent later is not about the boot any more (B01.FR.09).
      bootReason = .unknown
      return wasAccepted || openAttempt == nil ? [] : [goneOnline(at: now)]
    case .pending, .rejected:
      let actions = isAccepted ? goneOffline(at: now) : []
      let wait = interval > 0 ? Duration(clampingSeconds: Int64(interval), limit: .max) : settings.bootRetryInterval
      registration = .refused(status, retryAt: now + wait, slot: slot)
      return actions + [.linkChanged]
    }
  }

  /// The CSMS answered with an error, or not at all on a live link.
  mutating func bootNotificationFailed(at now: MonotonicInstant, settings: Settings) -> [Action] {
    isBootNotificationUnanswered = false
    let retryAt = now + settings.bootRetryInterval
    switch registration {
    case .unregistered: registration = .unregistered(notBefore: retryAt)
    case .refused(let status, _, let slot): registration = .refused(status, retryAt: retryAt, slot: slot)
    case .accepted: break
    }
    return []
  }

  /// TriggerMessage(BootNotification): now, whatever the interval says (B02.FR.04).
  mutating func triggerBootNotification() -> [Action] {
    guard openAttempt != nil, !isBootNotificationUnanswered else { return [] }
    isBootNotificationUnanswered = true
    return [.sendBootNotification(.triggered)]
  }

  mutating func timerFired(at now: MonotonicInstant) -> [Action] {
    guard nextDeadline <= now else { return [] }
    if case .waiting = connection { return dial() }
    isBootNotificationUnanswered = true
    return [.sendBootNotification(bootReason)]
  }

  // MARK: Steps

  private mutating func dial() -> [Action] {
    // A station without any profile never connects; `connect` with a slot that has one begins.
    guard let slot = rotation.current else {
      connection = .idle
      return [.linkChanged]
    }
    attemptNumber += 1
    let attempt = LinkAttempt(attemptNumber)
    connection = .dialing(attempt)
    return [.dial(attempt, slot: slot)]
  }

  /// RetryBackOffWaitMinimum, doubled per failure up to RepeatTimes, plus a new random part each time (Part 4 §5.3).
  private mutating func wait(at now: MonotonicInstant, settings: Settings, random: () -> UInt64) {
    let doublings = min(failedDials, settings.repeatTimes).clamped(to: 0...30)
    let seconds = settings.waitMinimum.wholeSeconds.multipliedSaturating(by: 1 << Int64(doublings))
    let range = UInt64(clamping: settings.randomRange.wholeMilliseconds)
    let random = range == 0 ? 0 : random() % (range + 1)
    failedDials = failedDials.addingSaturating(1)
    connection = .waiting(
      until: now + Duration(clampingSeconds: seconds) + .milliseconds(Int64(clamping: random)))
  }

  private mutating func goneOnline(at now: MonotonicInstant) -> Action {
    defer { offlineSince = nil }
    return .wentOnline(offlineFor: offlineSince.map { $0.duration(to: now) })
  }

  private mutating func goneOffline(at now: MonotonicInstant) -> [Action] {
    let hadBoot = isBootNotificationUnanswered
    isBootNotificationUnanswered = false
    guard isAccepted else {
      if hadBoot, case .unregistered = registration { registration = .unregistered(notBefore: now) }
      return []
    }
    offlineSince = now
    return [.wentOffline]
  }
}
