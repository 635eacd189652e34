import CLinux
import Glibc
import SimulatedPeripherals
import Testing

@Suite("Pseudo terminal")
struct PseudoTerminalTests {
  @Test("Bytes pass both ways unchanged, control characters too")
  func bothWays() throws {
    let line = try PseudoTerminal()
    let driver = open(line.path, O_RDWR | O_NOCTTY)
    #expect(driver >= 0)
    defer { close(driver) }
    let bytes: [UInt8] = [0x00, 0x03, 0x0A, 0x0D, 0x11, 0x13, 0x7F, 0xFF]
    #expect(write(driver, bytes, bytes.count) == bytes.count)
    #expect(line.read() == bytes)
    line.write(bytes)
    var received = [UInt8](repeating: 0, count: 64)
    #expect(read(driver, &received, received.count) == bytes.count)
    #expect(Array(received.prefix(bytes.count)) == bytes)
  }
}
