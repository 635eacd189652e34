import CLinux
import ChargerBase
import Glibc

/// A converter of Linux's industrial I/O subsystem, by its folder (`iio:device0`) or by what its `name` file says.
public struct IIOConverter: Sendable, Hashable {
  /// The folder under which `sys` stands; `/` but in tests.
  public var root: String
  public var device: String

  public init(device: String, root: String = "/") {
    self.root = root
    self.device = device
  }

  /// More devices are not looked at.
  private static let mostDevices = 64

  /// The device's folder.
  func folder() throws(SysfsError) -> String {
    let devices = SysfsPath.join(root, "sys/bus/iio/devices")
    let direct = "\(devices)/\(device)"
    if device.utf8.starts(with: "iio:device".utf8), access(direct, F_OK) == 0 { return direct }
    for number in 0..<Self.mostDevices {
      let folder = "\(devices)/iio:device\(number)"
      if SysfsPath.firstLine(of: "\(folder)/name") == device { return folder }
    }
    throw SysfsError(path: devices, errorNumber: 0, reason: "has no converter \"\(device)\"")
  }
}

enum SysfsPath {
  static func join(_ root: String, _ path: String) -> String {
    root.utf8.last == UInt8(ascii: "/") ? root + path : "\(root)/\(path)"
  }

  /// The first line of a short file; nil when it cannot be read.
  static func firstLine(of path: String) -> String? {
    let descriptor = linux_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 128) { buffer, count in
      count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
    var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    while line.last == UInt8(ascii: " ") { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }
}

/// One channel of a converter: `in_KIND_raw` with its scale and offset, or `in_KIND_input`, which is scaled already.
final class IIOChannel {
  private static let billion = SysfsFile.billion
  private let raw: any SysfsValue
  /// Thousandths of the unit (mV, m°C) per step, in billionths; nil for a channel that is scaled by the kernel.
  private let scale: Int64?
  /// Steps to add, in billionths.
  private let offset: Int64

  /// - Parameter name: as `voltage3` or `temp`.
  /// - Throws: `SysfsError` that names the file which is missing or makes no sense.
  init(_ converter: IIOConverter, name: String) throws(SysfsError) {
    let stem = "\(try converter.folder())/in_\(name)"
    if access("\(stem)_raw", F_OK) != 0, access("\(stem)_input", F_OK) == 0 {
      raw = try SysfsFile("\(stem)_input")
      scale = nil
      offset = 0
      return
    }
    raw = try SysfsFile("\(stem)_raw")
    // A scale may stand for all channels of a kind: `in_voltage_scale`.
    let kind = "\(try converter.folder())/in_\(name.prefix { !$0.isNumber })"
    guard let scale = Self.number("\(stem)_scale") ?? Self.number("\(kind)_scale"), scale > 0 else {
      throw SysfsError(path: "\(stem)_scale", errorNumber: 0, reason: "is not there or no number over 0")
    }
    self.scale = scale
    offset = Self.number("\(stem)_offset") ?? Self.number("\(kind)_offset") ?? 0
  }

  init(raw: any SysfsValue, scale: Int64?, offset: Int64 = 0) {
    self.raw = raw
    self.scale = scale
    self.offset = offset
  }

  private static func number(_ path: String) -> Int64? { (try? SysfsFile(path))?.read() }

  /// In millionths of the unit (µV, µ°C); nil for what could not be read or is no number. It may block.
  func read() -> Int64? {
    guard let steps = raw.read() else { return nil }
    guard let scale else { return steps / (Self.billion / 1_000) }
    let (sum, isOver) = steps.addingReportingOverflow(offset)
    guard !isOver else { return nil }
    // Billionths times billionths of thousandths: what is left are millionths.
    let product = Int128(sum) * Int128(scale) / Int128(Self.billion) / Int128(Self.billion / 1_000)
    return Int64(exactly: product)
  }
}
