import CGPIOD
import CLinux

/// A line as it was found on its chip. Finding opens chips, so it is for the start of the program alone.
struct GPIOPlace {
  let address: GPIOLineAddress
  let path: String
  let offset: UInt32

  init(_ address: GPIOLineAddress) throws(GPIOError) {
    var place = cgpiod_place()
    var step: Int32 = 0
    let found =
      switch address.line {
      case .name(let name): cgpiod_find(address.chip, name, 0, &place, &step)
      case .offset(let offset): cgpiod_find(address.chip, nil, offset, &place, &step)
      }
    guard found == 0 else {
      let number = linux_errno()
      throw GPIOError(
        code: GPIOError.Code(step: step), errorNumber: number == 0 ? ENOENT : number, address: address)
    }
    self.address = address
    path = withUnsafeBytes(of: place.path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    offset = place.offset
  }

  /// - Throws: `GPIOError` that names this line, with its holder when somebody holds it.
  func request(
    _ settings: cgpiod_settings, consumer: String
  ) throws(GPIOError) -> UnsafeMutablePointer<cgpiod_lines> {
    var settings = settings
    var step: Int32 = 0
    if let lines = cgpiod_request(path, &settings, consumer, &step) { return lines }
    let number = linux_errno()
    try requireFree()
    throw GPIOError(code: GPIOError.Code(step: step), errorNumber: number, address: address)
  }

  /// - Throws: `GPIOError` when somebody holds the line: another driver of this station, another program, the kernel.
  func requireFree() throws(GPIOError) {
    if let holder { throw GPIOError(code: .request, errorNumber: EBUSY, address: address, holder: holder) }
  }

  private var holder: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
      guard let start = name.baseAddress, cgpiod_holder(path, offset, start, name.count) == 1 else { return nil }
      return String(cString: start)
    }
  }
}
