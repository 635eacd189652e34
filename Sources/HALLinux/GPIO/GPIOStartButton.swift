import ChargerBase
import HAL
import Synchronization

/// A start button on a GPIO line. One that is pressed already when the driver begins counts only when it is let go and
/// pressed again.
public final class GPIOStartButton: StartButton, FrontPart {
  public struct Configuration: Sendable, Equatable {
    /// Active: pressed.
    public var line: GPIOLineAddress
    /// Bouncing, both ways.
    public var debounce = Duration.milliseconds(30)
    public var silentAfter = Duration.seconds(2)
    public var consumer = "charger start button"

    public init(_ line: GPIOLineAddress) { self.line = line }
  }

  /// Presses that wait to be fetched at most.
  private static let capacity = 16

  private struct State: Sendable {
    var presses = 0
    var health = DriverHealth.alive
    var notify: (@Sendable () -> Void)?
  }

  let descriptors: [Int32]
  private let host: any FrontHost
  private let state = Mutex(State())
  private let watched: FrontInput

  /// - Throws: `GPIOError` that names the line and the reason.
  public convenience init(_ configuration: Configuration) throws(GPIOError) {
    let input = try GPIOInput(
      configuration.line, debounce: configuration.debounce, consumer: configuration.consumer)
    self.init(configuration, input: input, host: FrontLane.shared)
  }

  init(_ configuration: Configuration, input: any DigitalInput, host: any FrontHost) {
    self.host = host
    descriptors = [input.descriptor].compactMap { $0 }
    watched = FrontInput(input, debounce: configuration.debounce, silentAfter: configuration.silentAfter)
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

  public func takePresses() -> Int {
    state.withLock { state in
      defer { state.presses = 0 }
      return state.presses
    }
  }

  func step(at now: MonotonicInstant) -> MonotonicInstant {
    let seen = watched.read(at: now)
    let notify = state.withLock { state -> (@Sendable () -> Void)? in
      let isNews = seen.activations > 0 || (state.health == .alive) != (seen.health == .alive)
      state.presses = min(Self.capacity, state.presses + seen.activations)
      state.health = seen.health
      return isNews ? state.notify : nil
    }
    notify?()
    return seen.next
  }
}
