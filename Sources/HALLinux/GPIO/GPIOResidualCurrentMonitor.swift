import ChargerBase
import HAL

/// A residual current monitor with its trip output on a GPIO line, and lines to test and to reset it.
///
/// A trip is kept until `reset`, whether the monitor keeps it itself or not. While the monitor says by its fault output
/// that it cannot measure, the driver is silent: nothing that it shows is taken for the present.
public final class GPIOResidualCurrentMonitor: ResidualCurrentMonitor {
  public struct Configuration: Sendable, Equatable {
    /// Active: tripped, and also when the wire is broken.
    public var trip: GPIOLineAddress
    /// Active: the test current flows. Nil for a monitor that tests itself.
    public var test: GPIOLineAddress?
    public var reset: GPIOLineAddress?
    /// How long the reset line is active, and how long the monitor has to let its trip go.
    public var resetPulse = Duration.milliseconds(100)
    /// Active: the monitor itself is faulty.
    public var fault: GPIOLineAddress?
    /// How long a trip must last to count; at most 10 ms, see obligation 2. One that comes and goes in shorter pulses, as
    /// a current near the threshold makes them in time with the mains, counts too.
    public var filter = Duration.zero
    public var silentAfter = Duration.milliseconds(500)
    public var consumer = "charger residual current"

    public init(trip: GPIOLineAddress) { self.trip = trip }

    var outputs: [GPIOLineAddress] { [test, reset].compactMap { $0 } }
  }

  public var wakeDescriptor: Int32? { wake?.descriptor }
  public private(set) var reading: ResidualCurrentReading?
  public var health: DriverHealth { line.health }

  private let outputs: (any DigitalOutputs)?
  private let testBit: UInt8
  private let resetBit: UInt8
  private let resetPulse: Duration
  private var trip: FilteredInput
  private var fault: FilteredInput?
  private var line: LineHealth
  private let wake: LineWake?
  private var isTesting = false
  /// The trip counts until it is reset.
  private var isLatched = false
  /// When it was latched.
  private var latchedAt = MonotonicInstant.zero
  /// A reset was asked for; its pulse begins, by the clock, with the next service.
  private var isResetting = false
  private var resetUntil: MonotonicInstant?
  private var isOwed = false

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    var outputs: GPIOOutputs?
    if !configuration.outputs.isEmpty {
      outputs = try GPIOOutputs(configuration.outputs, consumer: configuration.consumer)
    }
    let trip = try GPIOInput(configuration.trip, consumer: configuration.consumer)
    var fault: GPIOInput?
    if let address = configuration.fault { fault = try GPIOInput(address, consumer: configuration.consumer) }
    let inputs: [any DigitalInput] = [trip] + [fault].compactMap { $0 }
    self.init(
      configuration, outputs: outputs, trip: trip, fault: fault,
      wake: try LineWake.over(inputs, of: configuration.trip))
  }

  init(
    _ configuration: Configuration, outputs: (any DigitalOutputs)?, trip: any DigitalInput,
    fault: (any DigitalInput)? = nil, wake: LineWake? = nil
  ) {
    self.outputs = outputs
    testBit = configuration.test == nil ? 0 : 1
    resetBit = configuration.reset == nil ? 0 : testBit + 1
    // What the filter shows late is the old trip still.
    resetPulse = configuration.resetPulse + configuration.filter
    self.trip = FilteredInput(
      trip, EdgeFilter(eager: true, settle: configuration.filter, release: configuration.filter))
    self.fault = fault.map { FilteredInput($0) }
    line = LineHealth(silentAfter: configuration.silentAfter)
    self.wake = wake
    drive()
  }

  deinit { _ = outputs?.set(0) }

  public func setTestCurrent(_ isOn: Bool) {
    isTesting = isOn
    drive()
    if isOwed { wake?.wakeSoon() }
  }

  public func reset() {
    isLatched = false
    isResetting = true
    resetUntil = nil
    drive()
    wake?.wakeSoon()
  }

  public func service(at now: MonotonicInstant) {
    if isResetting {
      let end = resetUntil ?? now + resetPulse
      resetUntil = end
      if now >= end {
        isResetting = false
        resetUntil = nil
        drive()
      }
    }
    if isOwed { drive() }
    let trips = trip.filter.eagerCount
    let isHeard = trip.read(at: now)
    let isFaultHeard = fault?.read(at: now) ?? true
    if isHeard, let isActive = trip.state {
      // More edges than the filter can follow are no sign of a sound circuit.
      take(isActive || trip.isStorming, wasSeen: trip.filter.eagerCount != trips)
    }
    if isFaultHeard, fault?.state == true || fault?.isStorming == true {
      line.noteFault(at: now)
    } else {
      line.note(isHeard && isFaultHeard && !isOwed, at: now)
    }
    wake?.wake(
      at: earlier(earlier(trip.filter.deadline, resetUntil), line.deadline(at: now)))
  }

  /// - Parameter wasSeen: it has tripped since the last reading, even if it is free again.
  private func take(_ isActive: Bool, wasSeen: Bool) {
    // While it is being reset a monitor may still show the old trip.
    if (isActive || wasSeen) && !isResetting && !isLatched {
      isLatched = true
      latchedAt = wasSeen ? trip.filter.eagerAt : trip.takenAt
    }
    let isTripped = isActive || isLatched
    let isNew = isTripped != reading?.isTripped
    reading = ResidualCurrentReading(isTripped: isTripped, takenAt: isNew && isLatched ? latchedAt : trip.takenAt)
  }

  private func drive() {
    guard let outputs else { return }
    isOwed = !outputs.set((isTesting ? testBit : 0) | (isResetting ? resetBit : 0))
  }
}
