import ChargerBase
import HAL

/// Reads the vehicle's state from the pilot's peaks: a state counts once it has been seen for the filter's time.
///
/// A slow edge passes through other states' windows; one that it crosses faster than the filter does not count. Where
/// energy may flow (C and D) the reader does not wait for ever for an edge to settle: when the state has not been seen for
/// twice the filter's time it is left, for whatever is seen then, so that bouncing contacts cannot outlast the 100 ms of
/// sequences 2.2 and 8.1.
package struct PilotReader: Hashable, Sendable {
  /// What the low part of the period says about the vehicle's diode.
  package enum Diode: UInt8, Sendable {
    /// Not seen under the present offer.
    case unknown
    case present
    /// The low part is not near −12 V: kept until the plug is out, because without an offer it cannot be seen.
    case missing
  }

  /// The state that counts; `unknown` until something was measured, and while the driver is silent.
  package private(set) var state = PilotState.unknown
  package private(set) var diode = Diode.unknown
  /// The station's own signal, by which the measurement must be understood.
  private(set) var output = PilotOutput.steadyPositive

  private var driverIsSilent = false
  /// Nothing was measured within the silence time after the start.
  private var isOverdue = false
  private var newest: PilotMeasurement?
  private var candidate = PilotState.unknown
  private var candidateSince = MonotonicInstant.zero
  /// Since when the state that counts has not been seen; nil while it is.
  private var unseenSince: MonotonicInstant?
  private var lowPeakWrongSince: MonotonicInstant?
  private var outputChangedAt: MonotonicInstant
  private var listeningSince: MonotonicInstant
  /// When the station's own state F ended: what was measured before is its own −12 V, whenever it comes. It closes
  /// nothing, and is no vehicle's fault.
  private var readableSince: MonotonicInstant

  package init(at now: MonotonicInstant) {
    listeningSince = now
    outputChangedAt = now
    readableSince = now
  }

  package var isAlive: Bool { !driverIsSilent && !isOverdue }

  /// The newest measurement says what counts. While it says something else, nothing new is begun: the filter's time is
  /// there to keep what has begun.
  package var isSettled: Bool { candidate == state && lowPeakWrongSince == nil }

  package mutating func take(_ measurement: PilotMeasurement) {
    guard measurement.takenAt >= readableSince else { return }
    newest = measurement
    isOverdue = false
  }

  package mutating func setAlive(_ alive: Bool, at now: MonotonicInstant) {
    guard alive == driverIsSilent else { return }
    driverIsSilent = !alive
    isOverdue = false
    listeningSince = now
    newest = nil
    forget()
  }

  /// The station has changed its signal. A new offer asks for a new look at the diode unless energy flows already.
  package mutating func outputChanged(to new: PilotOutput, contactorIsOpen: Bool, at now: MonotonicInstant) {
    let wasNotAvailable = output == .steadyNegative
    let wasPulsing = output.isPulsing
    output = new
    if new == .steadyNegative || wasNotAvailable {
      outputChangedAt = now
      forget()
      state = new == .steadyNegative ? .f : .unknown
      if new != .steadyNegative {
        newest = nil
        listeningSince = now
        readableSince = now
      }
    } else if new.isPulsing != wasPulsing {
      outputChangedAt = now
      lowPeakWrongSince = nil
      if new.isPulsing && contactorIsOpen && diode == .present { diode = .unknown }
    }
  }

  /// Judges the newest measurement; call it after every input and at `deadlines`.
  package mutating func evaluate(at now: MonotonicInstant, timing: TimingTable, thresholds: PilotThresholds) {
    guard isAlive else { return }
    guard let newest else {
      if now >= listeningSince + timing.pilotSilence {
        isOverdue = true
        forget()
      }
      return
    }
    // Under −12 V of its own the station sees nothing of the vehicle.
    guard output != .steadyNegative else { return }
    evaluateState(newest, at: now, timing: timing, thresholds: thresholds)
    evaluateDiode(newest, at: now, timing: timing, thresholds: thresholds)
  }

  private mutating func evaluateState(
    _ measurement: PilotMeasurement, at now: MonotonicInstant, timing: TimingTable, thresholds: PilotThresholds
  ) {
    let seen = stateSeen(at: measurement.positivePeak, thresholds: thresholds)
    // Just after state F the signal itself may still be on its way up.
    if seen == .f && now < outputChangedAt + timing.pilotSettling {
      candidate = .unknown
      return
    }
    guard seen != state else {
      candidate = seen
      unseenSince = nil
      return
    }
    let missed = unseenSince ?? now
    unseenSince = missed
    if seen != candidate {
      candidate = seen
      candidateSince = now
    }
    let mustLeave = (state == .c || state == .d) && now >= missed + timing.pilotFilter * 2
    guard mustLeave || now >= candidateSince + timing.pilotFilter else { return }
    state = seen
    unseenSince = nil
    if seen == .a { diode = .unknown }
  }

  /// The hysteresis holds on to the state that counts, and else to the one that is about to: a voltage on a limit must
  /// not keep both from settling.
  private func stateSeen(at voltage: Voltage, thresholds: PilotThresholds) -> PilotState {
    let seen = thresholds.state(at: voltage, present: state)
    guard seen != state, candidate != state else { return seen }
    return thresholds.state(at: voltage, present: candidate)
  }

  private mutating func evaluateDiode(
    _ measurement: PilotMeasurement, at now: MonotonicInstant, timing: TimingTable, thresholds: PilotThresholds
  ) {
    guard output.isPulsing, measurement.takenAt >= outputChangedAt, state == .b || state == .c || state == .d else {
      lowPeakWrongSince = nil
      return
    }
    // A low part that cannot be seen is as good as a wrong one, once the signal has had time to settle.
    if let low = measurement.negativePeak, low <= thresholds.diodeBelow {
      lowPeakWrongSince = nil
      // Without a load on the high part the low one proves nothing.
      if diode == .unknown && measurement.positivePeak <= thresholds.aAbove { diode = .present }
      return
    }
    let since = lowPeakWrongSince ?? now
    lowPeakWrongSince = since
    if now >= since + timing.pilotFilter && now >= outputChangedAt + timing.pilotSettling { diode = .missing }
  }

  private mutating func forget() {
    state = .unknown
    candidate = .unknown
    unseenSince = nil
    lowPeakWrongSince = nil
    diode = .unknown
  }

  /// Forgets what no later decision reads, so that what behaves alike is equal; for exhaustive exploration.
  package mutating func forgetPast(at now: MonotonicInstant, timing: TimingTable) {
    if candidate == state { candidateSince = .longAgo }
    if newest != nil || !isAlive { listeningSince = .longAgo }
    readableSince = .longAgo
    lowPeakWrongSince.forget(after: timing.pilotFilter, at: now)
    forgetMeasurement(at: now)
    guard now >= outputChangedAt + timing.pilotSettling else { return }
    if let measurement = newest, measurement.takenAt == outputChangedAt { newest?.takenAt = .longAgo }
    outputChangedAt = .longAgo
  }

  /// Of a measurement's time it matters only whether it was taken under the present signal.
  private mutating func forgetMeasurement(at now: MonotonicInstant) {
    guard let measurement = newest else { return }
    if measurement.takenAt < outputChangedAt || (!output.isPulsing && measurement.takenAt < now) {
      newest?.takenAt = .longAgo + .nanoseconds(-1)
    } else if output.isPulsing {
      newest?.takenAt = outputChangedAt
    }
  }

  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    if var measurement = newest {
      visit(&measurement.takenAt)
      newest = measurement
    }
    visit(&candidateSince)
    unseenSince.visitInstant(visit)
    lowPeakWrongSince.visitInstant(visit)
    visit(&outputChangedAt)
    visit(&listeningSince)
    visit(&readableSince)
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard isAlive else { return }
    if newest == nil { soonest.add(listeningSince + timing.pilotSilence) }
    soonest.add(outputChangedAt + timing.pilotSettling)
    if candidate != state { soonest.add(candidateSince + timing.pilotFilter) }
    if let unseenSince { soonest.add(unseenSince + timing.pilotFilter * 2) }
    if let lowPeakWrongSince { soonest.add(lowPeakWrongSince + timing.pilotFilter) }
  }
}

extension PilotOutput {
  /// ±12 V at 1 kHz, whatever its duty cycle says.
  package var isPulsing: Bool {
    if case .pulseWidth = self { true } else { false }
  }

  /// A duty cycle by which a vehicle may draw current.
  package var isOffer: Bool { offeredCurrent != nil }

  package var meansDigitalCommunication: Bool {
    if case .pulseWidth(let duty) = self { duty.meansDigitalCommunication } else { false }
  }

  package var offeredCurrent: Current? {
    if case .pulseWidth(let duty) = self { duty.offeredCurrent } else { nil }
  }
}
