import ChargerBase

/// The hardware watchdog or dead-man relay that ends energy when the control lane stands still. The lane alone feeds it,
/// as proof of its own life.
///
/// Obligations, beside those of `ControlLaneDriver`:
/// 1. After `feed` the watchdog holds for `timeout` and no longer.
/// 2. Before the first `feed`, and after the driver is given up, it holds nothing: an orderly end disarms it only when
///    `disarm` was called.
public protocol SystemWatchdog: ControlLaneDriver {
  /// How long one feed lasts; the lane feeds four times as often.
  var timeout: Duration { get }
  func feed()
  func disarm()
  /// Whether it has reset the system before the present start of it; nil where it cannot tell.
  var hasResetSystem: Bool? { get }
}

extension SystemWatchdog {
  public var hasResetSystem: Bool? { nil }
}
