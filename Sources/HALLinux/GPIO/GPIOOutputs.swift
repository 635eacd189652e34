import CGPIOD
import CLinux
import ChargerBase

/// GPIO outputs held by this process until the object goes away; all inactive at first, and again at the end.
///
/// Lines of one chip that are driven alike are set by one call of the kernel, at one moment.
final class GPIOOutputs: DigitalOutputs {
  private struct Group {
    var lines: UnsafeMutablePointer<cgpiod_lines>
    /// For each of its lines the number of the output.
    var outputs: [UInt8]
  }

  private struct Wanted {
    var output: UInt8
    var place: GPIOPlace

    /// May share a request.
    func isAlike(_ other: Wanted) -> Bool {
      place.path == other.place.path && place.address.output == other.place.address.output
    }
  }

  private var groups: [Group] = []

  /// At most 8 outputs.
  init(_ addresses: [GPIOLineAddress], consumer: String) throws(GPIOError) {
    var waiting: [Wanted] = []
    for (number, address) in addresses.prefix(Int(CGPIOD_MAXIMUM_LINES)).enumerated() {
      let place = try GPIOPlace(address)
      if waiting.contains(where: { $0.place.path == place.path && $0.place.offset == place.offset }) {
        throw GPIOError(code: .request, errorNumber: EBUSY, address: address, holder: consumer)
      }
      waiting.append(Wanted(output: UInt8(clamping: number), place: place))
    }
    do throws(GPIOError) {
      while let first = waiting.first {
        groups.append(try Self.take(waiting.filter { $0.isAlike(first) }, with: first.place, consumer: consumer))
        waiting.removeAll { $0.isAlike(first) }
      }
    } catch {
      for group in groups { cgpiod_close(group.lines) }
      groups = []
      throw error
    }
  }

  deinit {
    _ = set(0)
    for group in groups { cgpiod_close(group.lines) }
  }

  private static func take(
    _ wanted: [Wanted], with place: GPIOPlace, consumer: String
  ) throws(GPIOError) -> Group {
    var settings = cgpiod_settings()
    settings.is_output = 1
    settings.count = UInt32(wanted.count)
    settings.drive = place.address.output.code
    for (index, entry) in wanted.enumerated() {
      withUnsafeMutableBytes(of: &settings.offsets) {
        $0.storeBytes(
          of: entry.place.offset, toByteOffset: index * MemoryLayout<UInt32>.stride, as: UInt32.self)
      }
      if entry.place.address.isActiveLow { settings.active_low |= 1 << UInt32(index) }
      // Asked one by one, so that the one that is held is told by its name.
      try entry.place.requireFree()
    }
    return Group(lines: try place.request(settings, consumer: consumer), outputs: wanted.map(\.output))
  }

  func set(_ active: UInt8) -> Bool {
    var isTaken = true
    for group in groups {
      var bits: UInt32 = 0
      for (index, output) in group.outputs.enumerated() where active & (1 << output) != 0 {
        bits |= 1 << UInt32(index)
      }
      if cgpiod_set(group.lines, bits) != 0 { isTaken = false }
    }
    return isTaken
  }
}
