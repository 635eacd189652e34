import CLinux
import EVSEControl
import Glibc

/// A flight recorder in a mapped file: what was recorded survives the program's sudden end, SIGKILL included.
///
/// The file belongs on a memory file system (`/run`): a mapped file on a disk is written back again and again, and while
/// one of its pages is, whoever records into it waits, the control thread included (measured: 1.8 ms).
package final class FlightRecorderFile {
  /// Lives as long as this object; it must not be used afterwards.
  package let recorder: FlightRecorder
  /// Whether nothing ever writes the file back.
  package let isInMemory: Bool
  private let region: UnsafeMutableRawBufferPointer

  /// Opens or makes the file at `path` (mode 0600) for `capacity` records of 32 bytes, 65,536 at most; nil when the
  /// system refuses.
  package init?(path: String, capacity: Int = 8_192) {
    let size = FlightRecorder.headerSize + min(max(1, capacity), 65_536) * FlightRecorder.recordSize
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard ftruncate(descriptor, size) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { return nil }
    region = UnsafeMutableRawBufferPointer(start: memory, count: size)
    isInMemory = linux_is_in_memory(descriptor) != 0
    guard let recorder = FlightRecorder(region: region) else {
      munmap(memory, size)
      return nil
    }
    self.recorder = recorder
  }

  deinit { munmap(region.baseAddress, region.count) }
}
