import CGPIOD
import CLinux
import ChargerBase

/// A GPIO input held by this process until the object goes away, with its edges where the chip can tell them.
final class GPIOInput: DigitalInput {
  /// The kernel's stamp is believed when it is not older than this.
  private static let oldestStamp = Duration.seconds(60)

  private let lines: UnsafeMutablePointer<cgpiod_lines>
  let isDebounced: Bool
  /// Nil where edges are not told.
  private let gate: EdgeGate?
  /// Edges taken since the level was last read.
  private var edges = 0

  /// - Parameter debounce: how long the level must be steady to be told, where the kernel can see to that; zero for
  ///   raw edges.
  init(_ address: GPIOLineAddress, debounce: Duration = .zero, consumer: String) throws(GPIOError) {
    let place = try GPIOPlace(address)
    var settings = cgpiod_settings()
    settings.count = 1
    settings.offsets.0 = place.offset
    settings.active_low = address.isActiveLow ? 1 : 0
    settings.bias = address.bias.code
    settings.edges = 1
    settings.debounce_us = UInt32(clamping: debounce.wholeNanoseconds / 1_000)
    if let lines = try? place.request(settings, consumer: consumer) {
      self.lines = lines
    } else {
      // A chip without interrupts: the line is polled, and the driver debounces.
      settings.edges = 0
      settings.debounce_us = 0
      lines = try place.request(settings, consumer: consumer)
    }
    if lines.pointee.descriptor >= 0 {
      guard let gate = EdgeGate(over: lines.pointee.descriptor) else {
        let reason = linux_errno()
        cgpiod_close(lines)
        throw GPIOError(code: .system, errorNumber: reason, address: address)
      }
      self.gate = gate
    } else {
      gate = nil
    }
    isDebounced = settings.debounce_us > 0 && cgpiod_debounces() != 0
  }

  deinit { cgpiod_close(lines) }

  var descriptor: Int32? { gate?.descriptor }
  var isStorming: Bool { gate?.isStorming ?? false }

  /// Read last, after the edges: what the line shows counts, whatever edges were lost.
  func get() -> Bool? {
    gate?.wasRead(edges: edges, at: MonotonicInstant(nanoseconds: linux_boottime_ns()))
    edges = 0
    let active = cgpiod_get(lines)
    return active < 0 ? nil : active & 1 == 1
  }

  func nextEdge() -> LineEdge? {
    var edge = cgpiod_edge()
    guard cgpiod_next_edge(lines, &edge) == 1 else { return nil }
    edges = edges.addingSaturating(1)
    let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
    return LineEdge(
      isActive: edge.is_active != 0,
      at: Self.instant(ofStamp: edge.stamp_ns, bootOffset: cgpiod_boot_offset_ns(), now: now))
  }

  /// The stamp's clock stands still while the system sleeps, the station's does not. A stamp that cannot be of that clock
  /// (kernels before 5.7 give civil time) says nothing; the edge is then as old as its reading.
  static func instant(ofStamp stamp: Int64, bootOffset: Int64, now: MonotonicInstant) -> MonotonicInstant {
    let at = MonotonicInstant(nanoseconds: stamp.addingSaturating(bootOffset))
    return at > now || now - at > oldestStamp ? now : at
  }
}
