import CGPIOD
import CModbus
import CPCSCLite
import Testing

/// Each thin C target calls the real library once: a wrong header, link flag or version shows here.
@Suite("C libraries of the hardware")
struct CLibrariesTests {
  @Test("libgpiod answers with its version and refuses a chip that is not there")
  func gpiod() throws {
    let version = String(cString: try #require(cgpiod_version()))
    #expect(version.hasPrefix("1.6") || version.hasPrefix("2."))
    var step: Int32 = 0
    var place = cgpiod_place()
    #expect(cgpiod_find("/dev/no-such-gpiochip", nil, 0, &place, &step) == -1)
    #expect(step == Int32(cgpiod_step_chip.rawValue))
    var settings = cgpiod_settings()
    settings.count = 1
    #expect(cgpiod_request("/dev/no-such-gpiochip", &settings, "test", &step) == nil)
    #expect(step == Int32(cgpiod_step_chip.rawValue))
  }

  @Test("libmodbus makes an RTU context, and says why a TCP connection was refused")
  func modbus() throws {
    let serial = try #require(modbus_new_rtu("/dev/no-such-port", 9600, Int8(UInt8(ascii: "E")), 8, 1))
    defer { modbus_free(serial) }
    #expect(modbus_set_slave(serial, 1) == 0)
    #expect(modbus_connect(serial) == -1)

    // Port 1 is reserved (tcpmux) and has no listener on a machine that runs tests.
    let network = try #require(modbus_new_tcp("127.0.0.1", 1))
    defer { modbus_free(network) }
    #expect(modbus_connect(network) == -1)
  }

  @Test("libpcsclite gives a context, or says that no service runs")
  func smartCards() {
    var context: SCARDCONTEXT = 0
    let result = UInt32(truncatingIfNeeded: SCardEstablishContext(DWORD(SCARD_SCOPE_SYSTEM), nil, nil, &context))
    // SCARD_S_SUCCESS; SCARD_E_NO_SERVICE; SCARD_E_SERVICE_STOPPED.
    #expect([0, 0x8010_001D, 0x8010_001E].contains(result))
    if result == 0 { SCardReleaseContext(context) }
  }
}
