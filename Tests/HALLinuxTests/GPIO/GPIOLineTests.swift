import HAL
import Testing

@testable import HALLinux

@Suite("GPIO lines")
struct GPIOLineTests {
  @Test("A chip that is not there is told with its path and the system's reason")
  func missingChip() {
    let configuration = GPIOContactor.Configuration(
      coil: GPIOLineAddress(chip: "/dev/no-such-gpiochip", line: .name("contactor-k1")),
      feedback: GPIOContact(GPIOLineAddress(chip: "/dev/no-such-gpiochip", line: .offset(4))))
    #expect {
      _ = try GPIOContactor(configuration)
    } throws: { error in
      guard let error = error as? GPIOError else { return false }
      return error.code == .chip && error.errorNumber == 2
        && error.description == "/dev/no-such-gpiochip line \"contactor-k1\": the chip cannot be opened: "
          + "No such file or directory"
    }
  }

  @Test("A chip's label that nobody has, and a line's name that no chip has, are told as that")
  func missingNames() {
    #expect {
      _ = try GPIOInput(GPIOLineAddress(chip: "no-such-label", line: .offset(0)), consumer: "test")
    } throws: {
      ($0 as? GPIOError)?.description == "no-such-label line 0: no chip has this name or label"
    }
    #expect {
      _ = try GPIOInput(GPIOLineAddress(chip: nil, line: .name("no-such-line")), consumer: "test")
    } throws: {
      ($0 as? GPIOError)?.description == "line \"no-such-line\": no chip has such a line"
    }
  }

  @Test("A device that is no GPIO chip is refused")
  func wrongDevice() {
    #expect {
      _ = try GPIOInput(GPIOLineAddress(chip: "/dev/null", line: .offset(0)), consumer: "test")
    } throws: { ($0 as? GPIOError)?.code == .chip }
    #expect {
      _ = try GPIOOutputs([GPIOLineAddress(chip: "/dev/null", line: .offset(0))], consumer: "test")
    } throws: { ($0 as? GPIOError)?.code == .chip }
  }

  @Test("A line that is held is told with the name of its holder")
  func holder() {
    let line = GPIOLineAddress(chip: "gpiochip0", line: .name("k1-coil"))
    let error = GPIOError(code: .request, errorNumber: 16, address: line, holder: "charger contactor 1.1")
    #expect(error.description == "gpiochip0 line \"k1-coil\": the line is held by charger contactor 1.1")
  }

  @Test(
    "A profile's text of digits is an offset, any other is a name", arguments: ["4", "contactor-k1", "4a", "-1", ""])
  func lineTexts(text: String) {
    let address = GPIOLineAddress(chip: "/dev/gpiochip0", lineText: text, isActiveLow: true)
    #expect(address.line == (text == "4" ? .offset(4) : .name(text)))
    #expect(address.isActiveLow)
  }
}
