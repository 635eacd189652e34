import ChargerBase
import HAL

/// A place where drivers can be tried: the drivers, and hands on the hardware behind them.
///
/// The suites know drivers by their HAL protocols only. An implementation joins them with a rig: for each kind of driver
/// that it has, a class that conforms to that kind's rig protocol and can do to the hardware (or to what stands in for
/// it: a relay board, a pilot simulator, a resistor decade) what the protocol's members say.
package protocol ConformanceRig: AnyObject {
  /// The station's time, in which drivers are served.
  var now: MonotonicInstant { get }
  /// Lets time pass; a rig in real time waits.
  func wait(_ duration: Duration)
  /// What a time limit is stretched by, for the machine that measures: zero on a simulated clock.
  var slack: Duration { get }
}

extension ConformanceRig {
  /// Serves drivers as the control lane does, until a condition holds or time is up; answers whether it held.
  ///
  /// - Parameter limit: nil for a condition that is only waited for: a slow machine has much longer for it.
  @discardableResult
  package func serve(
    _ drivers: [any ControlLaneDriver], for limit: Duration? = nil, until condition: () throws -> Bool
  ) rethrows -> Bool {
    let end = now + (limit ?? .seconds(3) + slack * 15)
    while true {
      for driver in drivers { driver.service(at: now) }
      if try condition() { return true }
      if now >= end { return false }
      wait(.milliseconds(5))
    }
  }

  package func serve(_ drivers: [any ControlLaneDriver], for duration: Duration) {
    serve(drivers, for: duration) { false }
  }

  /// Fails unless the condition comes to hold within the contract's limit.
  package func require(
    within limit: Duration, serving drivers: [any ControlLaneDriver] = [], _ what: String,
    _ condition: () throws -> Bool
  ) throws {
    let since = now
    let held = try serve(drivers, for: limit + slack + .seconds(3), until: condition)
    guard held else { throw ConformanceViolation(what) }
    let taken = since.duration(to: now)
    guard taken <= limit + slack else {
      throw ConformanceViolation("\(what): only after \(taken), the limit is \(limit)")
    }
  }

  /// Fails unless the condition holds all the time.
  package func require(
    throughout duration: Duration, serving drivers: [any ControlLaneDriver] = [], _ what: String,
    _ condition: () throws -> Bool
  ) throws {
    if try serve(drivers, for: duration, until: { try !condition() }) { throw ConformanceViolation(what) }
  }
}

/// An obligation that a driver does not keep.
package struct ConformanceViolation: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Fails unless the condition holds.
package func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  guard condition else { throw ConformanceViolation(what()) }
}

/// Gives the value, or fails without one.
package func require<Value>(_ value: Value?, _ what: @autoclosure () -> String) throws -> Value {
  guard let value else { throw ConformanceViolation(what()) }
  return value
}

/// One test of one numbered obligation of the HAL, for every implementation that has the rig.
package struct ConformanceCheck<Rig>: Sendable, CustomStringConvertible {
  /// The protocol and the number, as its doc comment has it: `ConnectorLock 3`.
  package let obligation: String
  package let title: String
  private let body: @Sendable (Rig) throws -> Void
  /// So often a machine may stand still at a bad moment.
  private static var mostAttempts: Int { 20 }

  init(_ obligation: String, _ title: String, _ body: @escaping @Sendable (Rig) throws -> Void) {
    self.obligation = obligation
    self.title = title
    self.body = body
  }

  /// Runs the test. The obligations are about times, and many implementations are tried in real time: an attempt that
  /// fails while the machine stood still says nothing about the driver, so that another is made.
  ///
  /// - Parameter makeRig: makes the rig of an attempt.
  package func run(_ makeRig: @autoclosure () throws -> Rig) throws {
    for _ in 1..<Self.mostAttempts {
      let watch = StandstillWatch()
      watch.start()
      do {
        defer { _ = watch.stop() }
        return try body(makeRig())
      } catch {
        guard watch.stop() else { throw error }
      }
    }
    try body(makeRig())
  }

  package var description: String { "\(obligation): \(title)" }
}
