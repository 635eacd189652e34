import ChargerBase

/// A driver that the control lane itself serves: nothing in it may wait.
///
/// 1. Every member returns within 1 ms and never blocks, allocates without bound or throws.
/// 2. All members are called on the control lane alone, after `start`.
/// 3. `wakeDescriptor`, where there is one, becomes readable when `service` has something to read, and `service` makes
///    it unreadable again. A driver without one is served in every cycle of the lane.
/// 4. After its hardware or its bus has been silent for the driver's declared time, `health` says so; readings stay
///    what they were, with the time when they were taken.
public protocol ControlLaneDriver: AnyObject {
  /// A file descriptor for the lane to poll; nil when the driver must be served in every cycle.
  var wakeDescriptor: Int32? { get }
  /// Takes in what has arrived since the last call.
  func service(at now: MonotonicInstant)
  var health: DriverHealth { get }
  /// A number of the driver's own that says more of its health, for the flight recorder; 0 where there is no more to say.
  var diagnosis: UInt8 { get }
}

extension ControlLaneDriver {
  public var diagnosis: UInt8 { 0 }
}
