import ChargerBase
import HAL

/// Reads the vehicle's state from the pilot's peaks: a state counts once it has been seen for the filter's time.
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
  private var lowPeakWrongSince: MonotonicInstant?
  private var outputChangedAt: MonotonicInstant
  private var listeningSince: MonotonicInstant

  package init(at now: MonotonicInstant) {
    listeningSince = now
    outputChangedAt = now
  }

  package var isAlive: Bool { !driverIsSilent && !isOverdue }

  package mutating func take(_ measurement: PilotMeasurement) {
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
    let wasOffer = output.isOffer
    output = new
    if new == .steadyNegative || wasNotAvailable {
      outputChangedAt = now
      forget()
      state = new == .steadyNegative ? .f : .unknown
    } else if new.isOffer != wasOffer {
      outputChangedAt = now
      lowPeakWrongSince = nil
      if new.isOffer && contactorIsOpen && diode == .present { diode = .unknown }
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
    let seen = thresholds.state(at: measurement.positivePeak, present: state)
    // Just after state F the old −12 V may still be in the measurement.
    if seen == .f && now < outputChangedAt + timing.pilotSettling {
      candidate = .unknown
      return
    }
    guard seen != state else {
      candidate = seen
      return
    }
    if seen != candidate {
      candidate = seen
      candidateSince = now
    }
    guard now >= candidateSince + timing.pilotFilter else { return }
    state = seen
    if seen == .a { diode = .unknown }
  }

  private mutating func evaluateDiode(
    _ measurement: PilotMeasurement, at now: MonotonicInstant, timing: TimingTable, thresholds: PilotThresholds
  ) {
    guard output.isOffer, measurement.takenAt >= outputChangedAt, let low = measurement.negativePeak,
      state == .b || state == .c || state == .d
    else {
      lowPeakWrongSince = nil
      return
    }
    if low <= thresholds.diodeBelow {
      lowPeakWrongSince = nil
      if diode == .unknown { diode = .present }
      return
    }
    let since = lowPeakWrongSince ?? now
    lowPeakWrongSince = since
    if now >= since + timing.pilotFilter && now >= outputChangedAt + timing.pilotSettling { diode = .missing }
  }

  private mutating func forget() {
    state = .unknown
    candidate = .unknown
    lowPeakWrongSince = nil
    diode = .unknown
  }

  /// What no longer matters is forgotten first, so that what behaves alike is equal.
  package mutating func visitInstants(_ visit: (inout MonotonicInstant) -> Void) {
    if candidate == state { candidateSince = .zero }
    if newest != nil || !isAlive { listeningSince = .zero }
    if var measurement = newest {
      // Only a newer offer than the measurement asks for another one.
      if output.isOffer {
        measurement.takenAt = measurement.takenAt >= outputChangedAt ? outputChangedAt : .zero
      } else {
        measurement.takenAt = .zero
      }
      visit(&measurement.takenAt)
      newest = measurement
    }
    visit(&candidateSince)
    lowPeakWrongSince.visitInstant(visit)
    visit(&outputChangedAt)
    visit(&listeningSince)
  }

  package func deadlines(_ soonest: inout Deadline, timing: TimingTable) {
    guard isAlive else { return }
    if newest == nil { soonest.add(listeningSince + timing.pilotSilence) }
    soonest.add(outputChangedAt + timing.pilotSettling)
    if candidate != state { soonest.add(candidateSince + timing.pilotFilter) }
    if let lowPeakWrongSince { soonest.add(lowPeakWrongSince + timing.pilotFilter) }
  }
}

extension PilotOutput {
  package var isOffer: Bool {
    if case .pulseWidth = self { true } else { false }
  }

  package var offeredCurrent: Current? {
    if case .pulseWidth(let duty) = self { duty.offeredCurrent } else { nil }
  }
}
