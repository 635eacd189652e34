import ChargerBase
import HAL
import HALSimulated
import SimulatedWorld
import Testing

/// A place where drivers can be tried: the drivers, and hands on the hardware behind them. A new implementation of the
/// HAL joins the conformance suites by implementing this.
protocol ConformanceRig: AnyObject {
  var drivers: any SimulatedDriverSource { get }
  /// Station's time.
  var now: MonotonicInstant { get }
  /// Lets time pass; rigs in real time wait.
  func wait(_ duration: Duration)
  func act(_ action: WorldAction) throws
  /// What the hardware itself shows, past every driver.
  func look<Value>(_ body: (SimulatedWorld) -> Value) -> Value
}

extension ConformanceRig {
  /// Serves a control-lane driver as the lane does, until a condition holds or time is up.
  @discardableResult
  func serve(
    _ drivers: [any ControlLaneDriver], for limit: Duration, until condition: () -> Bool = { false }
  ) -> Bool {
    let end = now + limit
    while true {
      for driver in drivers { driver.service(at: now) }
      if condition() { return true }
      if now >= end { return false }
      wait(.milliseconds(5))
    }
  }
}

/// Drivers and world in this process, on a simulated clock.
final class InProcessRig: ConformanceRig {
  let world: InProcessWorld

  init() {
    var configuration = WorldConfiguration.simple(evses: 2)
    configuration.readers = [
      WorldReader(name: "left", evses: [EVSEID(1)]), WorldReader(name: "middle", evses: nil),
    ]
    world = InProcessWorld(configuration: configuration)
  }

  var drivers: any SimulatedDriverSource { world }
  var now: MonotonicInstant { world.now }
  func wait(_ duration: Duration) { world.advance(to: world.now + duration) }
  func act(_ action: WorldAction) throws { try world.perform(action) }
  func look<Value>(_ body: (SimulatedWorld) -> Value) -> Value { body(world.world) }
}

/// The rigs that every suite runs against.
enum RigKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case inProcess

  var testDescription: String { rawValue }

  func make() throws -> any ConformanceRig {
    switch self {
    case .inProcess: InProcessRig()
    }
  }
}

extension RigKind {
  /// Rigs on a simulated clock must keep a limit exactly; in real time a loaded machine gets room.
  func tolerance(_ limit: Duration) -> Duration {
    switch self {
    case .inProcess: limit
    }
  }
}
