import ChargerBase
import HAL
import Testing

@testable import HALLinux

/// A coil and an auxiliary contact without hardware, each of which can fail.
private final class Wires: DigitalOutput, DigitalInput {
  var coil: [Bool] = []
  var coilFails = false
  var contact: Bool? = false

  func set(_ isActive: Bool) -> Bool {
    if coilFails { return false }
    coil.append(isActive)
    return true
  }

  func get() -> Bool? { contact }
}

@Suite("Contactor on GPIO lines")
struct GPIOContactorTests {
  private let wires = Wires()
  private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

  private func makeContactor() -> GPIOContactor {
    GPIOContactor(coil: wires, contact: wires, silentAfter: .milliseconds(100))
  }

  @Test("Contactor 1: the coil is off before the first command and after the driver is given up")
  func opensAtBothEnds() {
    do {
      let contactor = makeContactor()
      #expect(wires.coil == [false])
      contactor.command(.closed)
    }
    #expect(wires.coil == [false, true, false])
  }

  @Test("Contactor 2: a command reaches the coil at once, and may be repeated")
  func commands() {
    let contactor = makeContactor()
    contactor.command(.closed)
    contactor.command(.closed)
    #expect(wires.coil == [false, true, true])
  }

  @Test("Contactor 3: feedback is what the contact shows, with the time of its reading, and nil before")
  func feedback() {
    let contactor = makeContactor()
    contactor.command(.closed)
    #expect(contactor.feedback == nil)
    contactor.service(at: start)
    #expect(contactor.feedback == ContactorFeedback(position: .open, takenAt: start))
    wires.contact = true
    contactor.service(at: start + .milliseconds(5))
    #expect(contactor.feedback == ContactorFeedback(position: .closed, takenAt: start + .milliseconds(5)))
  }

  @Test("Control lane 4: a contact that does not answer makes the driver silent, and the last reading keeps its time")
  func silence() {
    let contactor = makeContactor()
    contactor.service(at: start)
    wires.contact = nil
    contactor.service(at: start + .milliseconds(50))
    #expect(contactor.health == .alive)
    contactor.service(at: start + .milliseconds(100))
    #expect(contactor.health == .silent(since: start))
    #expect(contactor.feedback?.takenAt == start)
    wires.contact = false
    contactor.service(at: start + .milliseconds(110))
    #expect(contactor.health == .alive)
  }

  @Test("A contact that has never answered makes the driver silent too")
  func silentFromTheStart() {
    wires.contact = nil
    let contactor = makeContactor()
    contactor.service(at: start)
    contactor.service(at: start + .milliseconds(100))
    #expect(contactor.health == .silent(since: start))
    #expect(contactor.feedback == nil)
  }

  @Test("A coil line that refuses the command makes the driver silent and gets the command again")
  func refusingCoil() {
    let contactor = makeContactor()
    contactor.command(.closed)
    contactor.service(at: start)
    wires.coilFails = true
    contactor.command(.open)
    contactor.service(at: start + .milliseconds(100))
    #expect(contactor.health == .silent(since: start))
    wires.coilFails = false
    contactor.service(at: start + .milliseconds(110))
    #expect(wires.coil.last == false)
    #expect(contactor.health == .alive)
  }

  @Test("A chip that is not there is told with its path and the system's reason")
  func missingChip() {
    let configuration = GPIOContactor.Configuration(
      coil: GPIOLineAddress(chip: "/dev/no-such-gpiochip", line: .name("contactor-k1")),
      feedback: GPIOLineAddress(chip: "/dev/no-such-gpiochip", line: .offset(4)))
    #expect {
      _ = try GPIOContactor(configuration)
    } throws: { error in
      guard let error = error as? GPIOError else { return false }
      return error.code == .chip && error.errorNumber == 2
        && error.description == "/dev/no-such-gpiochip line \"contactor-k1\": the chip cannot be opened: "
          + "No such file or directory"
    }
  }

  @Test("A device that is no GPIO chip is refused")
  func wrongDevice() {
    #expect {
      _ = try GPIOLine(
        GPIOLineAddress(chip: "/dev/null", line: .offset(0)), direction: .input, consumer: "test")
    } throws: { ($0 as? GPIOError)?.code == .chip }
  }

  @Test(
    "A profile's text of digits is an offset, any other is a name", arguments: ["4", "contactor-k1", "4a", "-1", ""])
  func lineTexts(text: String) {
    let address = GPIOLineAddress(chip: "/dev/gpiochip0", lineText: text, isActiveLow: true)
    #expect(address.line == (text == "4" ? .offset(4) : .name(text)))
    #expect(address.isActiveLow)
  }

  @Test("Every driver of the list has a name of its own within its kind")
  func driverList() {
    let names = LinuxDrivers.all.map { "\($0.kind) \($0.name)" }
    #expect(Set(names).count == names.count)
    #expect(!names.isEmpty)
  }
}
