import ChargerBase
import HAL
import Synchronization

/// The detector of a parking bay on a GPIO line, with a line by which it says that it is faulty where it has one.
public final class GPIOParkingBaySensor: ParkingBaySensor, FrontPart {
  public struct Configuration: Sendable, Equatable {
    /// Active: something stands in the bay.
    public var line: GPIOLineAddress
    /// Active: the detector is faulty.
    public var fault: GPIOLineAddress?
    public var debounce = Duration.milliseconds(50)
    public var silentAfter = Duration.seconds(2)
    public var consumer = "charger parking bay"

    public init(_ line: GPIOLineAddress) { self.line = line }
  }

  private struct State: Sendable {
    var reading: ParkingBayReading?
    var health = DriverHealth.alive
    var notify: (@Sendable () -> Void)?
  }

  let descriptors: [Int32]
  private let host: any FrontHost
  private let state = Mutex(State())
  private let watched: FrontInput
  private let fault: FrontInput?

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    let input = try GPIOInput(
      configuration.line, debounce: configuration.debounce, consumer: configuration.consumer)
    var fault: GPIOInput?
    if let line = configuration.fault {
      fault = try GPIOInput(line, debounce: configuration.debounce, consumer: configuration.consumer)
    }
    self.init(configuration, input: input, fault: fault, host: FrontLane.shared)
  }

  init(
    _ configuration: Configuration, input: any DigitalInput, fault: (any DigitalInput)? = nil, host: any FrontHost
  ) {
    self.host = host
    descriptors = [input.descriptor, fault?.descriptor].compactMap { $0 }
    let debounce = configuration.debounce
    watched = FrontInput(input, debounce: debounce, silentAfter: configuration.silentAfter)
    self.fault = fault.map { FrontInput($0, debounce: debounce, silentAfter: configuration.silentAfter) }
  }

  public func start(notify: @escaping @Sendable () -> Void) {
    state.withLock { $0.notify = notify }
    host.add(self)
  }

  public func stop() {
    state.withLock { $0.notify = nil }
    host.remove(self)
  }

  public var health: DriverHealth { state.withLock(\.health) }
  public var reading: ParkingBayReading? { state.withLock(\.reading) }

  func step(at now: MonotonicInstant) -> MonotonicInstant {
    let seen = watched.read(at: now)
    let fault = fault?.read(at: now)
    let notify = state.withLock { state -> (@Sendable () -> Void)? in
      let before = state
      if let fault, fault.isActive == true || fault.health != .alive {
        if state.health == .alive { state.health = .silent(since: now) }
      } else {
        state.health = seen.health
        if seen.health == .alive, let isOccupied = seen.isActive {
          state.reading = ParkingBayReading(isOccupied: isOccupied, since: seen.since)
        }
      }
      let isNews = before.reading != state.reading || (before.health == .alive) != (state.health == .alive)
      return isNews ? state.notify : nil
    }
    notify?()
    return min(seen.next, fault?.next ?? seen.next)
  }
}
