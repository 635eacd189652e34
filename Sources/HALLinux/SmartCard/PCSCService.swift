import CLinux
import CPCSCLite
import ChargerBase
import Synchronization

/// pcscd, through libpcsclite.
final class PCSCService: SmartCardService {
  private static let serialNumberAttribute: DWORD = 0x0001_0103  // SCARD_ATTR_VENDOR_IFD_SERIAL_NO
  private let context = Mutex<SCARDCONTEXT?>(nil)
  private let known = Mutex(PCSCNames())

  private static func check(_ result: LONG) throws(SmartCardFailure) {
    let code = UInt32(truncatingIfNeeded: result)
    guard code == 0 else { throw SmartCardFailure(code: code) }
  }

  private func current() throws(SmartCardFailure) -> SCARDCONTEXT {
    guard let context = context.withLock({ $0 }) else { throw .noService }
    return context
  }

  func establish() throws(SmartCardFailure) {
    release()
    var made: SCARDCONTEXT = 0
    try Self.check(SCardEstablishContext(DWORD(SCARD_SCOPE_SYSTEM), nil, nil, &made))
    let established = made
    context.withLock { $0 = established }
  }

  func release() {
    let held = context.withLock { context in
      defer { context = nil }
      return context
    }
    if let held { SCardReleaseContext(held) }
  }

  func cancel() {
    guard let held = context.withLock({ $0 }) else { return }
    SCardCancel(held)
  }

  func readerNames() throws(SmartCardFailure) -> [String] {
    var names = [CChar](repeating: 0, count: SmartCardLimits.listBytes)
    var length = DWORD(names.count)
    let result = SCardListReaders(try current(), nil, &names, &length)
    do throws(SmartCardFailure) {
      try Self.check(result)
    } catch {
      if error == .noReadersAvailable { return [] }
      throw error
    }
    let found = PCSCNames(list: names.prefix(Int(clamping: length)))
    known.withLock { $0 = found }
    return found.names
  }

  func wait(for sights: inout [SmartCardSight], timeout: Duration) throws(SmartCardFailure) {
    let known = known.withLock { $0 }
    var states = sights.map { sight in
      var state = SCARD_READERSTATE()
      state.szReader = UnsafePointer(strdup(known.bytes(of: sight.reader)))
      state.dwCurrentState = DWORD(sight.state & ~0x0002)
      return state
    }
    defer { for state in states { free(UnsafeMutablePointer(mutating: state.szReader)) } }
    let milliseconds = DWORD(clamping: max(0, timeout.wholeMilliseconds))
    guard !states.contains(where: { $0.szReader == nil }) else { throw .noMemory }
    let result = SCardGetStatusChange(try current(), milliseconds, &states, DWORD(states.count))
    let failure = SmartCardFailure(code: UInt32(truncatingIfNeeded: result))
    for index in sights.indices where states.indices.contains(index) {
      sights[index].state = UInt32(truncatingIfNeeded: states[index].dwEventState)
      let count = min(Int(clamping: states[index].cbAtr), SmartCardLimits.atrBytes)
      sights[index].atr = withUnsafeBytes(of: states[index].rgbAtr) { Array($0.prefix(count)) }
    }
    if failure.code != 0, failure != .timeout { throw failure }
  }

  func connect(to reader: String, direct: Bool) throws(SmartCardFailure) -> SmartCardConnection {
    var handle: SCARDHANDLE = 0
    var active: DWORD = 0
    let mode = DWORD(direct ? SCARD_SHARE_DIRECT : SCARD_SHARE_SHARED)
    // Either protocol; none at all to the reader itself.
    let name = known.withLock { $0.bytes(of: reader) }
    try Self.check(SCardConnect(try current(), name, mode, direct ? 0 : 3, &handle, &active))
    return SmartCardConnection(handle: Int(handle), activeProtocol: UInt(active))
  }

  func disconnect(_ connection: SmartCardConnection) {
    SCardDisconnect(SCARDHANDLE(connection.handle), DWORD(SCARD_LEAVE_CARD))
  }

  func transmit(_ command: [UInt8], over connection: SmartCardConnection) throws(SmartCardFailure) -> [UInt8] {
    var header = SCARD_IO_REQUEST(
      dwProtocol: UInt(connection.activeProtocol), cbPciLength: UInt(MemoryLayout<SCARD_IO_REQUEST>.size))
    var answer = [UInt8](repeating: 0, count: SmartCardLimits.answerBytes)
    var length = DWORD(answer.count)
    try Self.check(
      SCardTransmit(
        SCARDHANDLE(connection.handle), &header, command, DWORD(command.count), nil, &answer, &length))
    return Array(answer.prefix(Int(clamping: length)))
  }

  func control(
    _ code: UInt32, _ command: [UInt8], over connection: SmartCardConnection
  ) throws(SmartCardFailure) -> [UInt8] {
    var answer = [UInt8](repeating: 0, count: SmartCardLimits.answerBytes)
    var length: DWORD = 0
    try Self.check(
      SCardControl(
        SCARDHANDLE(connection.handle), DWORD(code), command, DWORD(command.count), &answer, DWORD(answer.count),
        &length))
    return Array(answer.prefix(Int(clamping: length)))
  }

  func serialNumber(over connection: SmartCardConnection) throws(SmartCardFailure) -> String {
    var answer = [UInt8](repeating: 0, count: SmartCardLimits.answerBytes)
    var length = DWORD(answer.count)
    try Self.check(
      SCardGetAttrib(SCARDHANDLE(connection.handle), Self.serialNumberAttribute, &answer, &length))
    return String(decoding: answer.prefix(Int(clamping: length)).prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// The readers that pcscd has listed, by the text that stands for each. A driver may put bytes into a name that are no
/// UTF-8, and pcscd wants them back as they were.
struct PCSCNames {
  private var listed: [(name: String, bytes: [CChar])] = []

  init() {}

  /// Names one after the other, each ended by a zero.
  init(list: ArraySlice<CChar>) {
    for part in list.split(separator: 0).prefix(SmartCardLimits.readers) {
      let bytes = part.map { UInt8(bitPattern: $0) }
      // Each byte as the Latin character of its number, so that two names never become one.
      let text =
        String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      listed.append((text, Array(part) + [0]))
    }
  }

  var names: [String] { listed.map(\.name) }

  /// With the zero at the end; a name that was not listed as its UTF-8.
  func bytes(of name: String) -> [CChar] {
    listed.first { $0.name == name }?.bytes ?? name.utf8CString.map { $0 }
  }
}
