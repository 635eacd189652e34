/// A button by which a driver asks for energy without showing a token.
///
/// Obligations, beside those of `StationLaneDriver`:
/// 1. Each press is given out once; at most 16 wait to be fetched, more are not counted.
/// 2. A button that is held down, or stuck, is one press; contact bounce is the driver's to hide.
public protocol StartButton: StationLaneDriver {
  /// How often the button was pressed since the last call.
  func takePresses() -> Int
}
