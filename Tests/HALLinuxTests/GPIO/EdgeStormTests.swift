import CLinux
import ChargerBase
import EVSEControl
import Glibc
import HAL
import Testing

@testable import HALLinux

@Suite("A line with more edges than any contact makes")
struct EdgeStormTests {
  @Test("A contact that bounces is no storm, however often it moves")
  func bouncing() {
    var storm = EdgeStorm()
    for millisecond in stride(from: Int64(0), to: 2_000, by: 25) {
      let hasChanged = storm.note(20, at: .ms(millisecond))
      #expect(!hasChanged)
      #expect(!storm.isRaging)
    }
  }

  @Test("A storm is noticed within its first edges, and is over when the line has been calm for a tick")
  func beginsAndEnds() {
    var storm = EdgeStorm()
    var begun: Int64?
    for millisecond in Int64(0)..<20 where begun == nil {
      if storm.note(10, at: .ms(millisecond)) { begun = millisecond }
    }
    #expect(begun == 3)
    // Looked at more often than a tick it is judged by whole ticks all the same.
    for millisecond in Int64(4)..<200 {
      let hasChanged = storm.note(2, at: .ms(millisecond))
      #expect(!hasChanged)
    }
    #expect(storm.isRaging)
    var ended: Int64?
    for millisecond in Int64(200)..<220 where ended == nil {
      if storm.note(0, at: .ms(millisecond)) { ended = millisecond }
    }
    #expect(ended.map { $0 <= 212 } == true)
    #expect(!storm.isRaging)
  }

  @Test("In a storm the edges wake nobody, only the tick does; afterwards each edge wakes again")
  func gate() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    let gate = try #require(EdgeGate(over: ends[0]))
    func wakes(within milliseconds: Int32) -> Bool {
      var entry = pollfd(fd: gate.descriptor, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, milliseconds) > 0
    }
    func put() { #expect(write(ends[1], "x", 1) == 1) }
    #expect(!wakes(within: 0))
    put()
    #expect(wakes(within: 30_000))
    // The edge waits unread, as in a storm there is always one.
    let future = MonotonicInstant(nanoseconds: linux_boottime_ns()) + .seconds(3_600)
    gate.wasRead(edges: EdgeStorm.most + 1, at: future)
    #expect(gate.isStorming)
    #expect(!wakes(within: 0), "the edge wakes nobody")
    gate.wasRead(edges: 0, at: MonotonicInstant(nanoseconds: linux_boottime_ns()))
    #expect(wakes(within: 30_000), "the tick does")
    gate.wasRead(edges: 0, at: future + .seconds(1))
    #expect(gate.isStorming == false)
    #expect(wakes(within: 30_000), "what waits is told")
  }

  @Test("A line that the system cannot watch again after a storm is looked at every tick until it can")
  func gateWithoutMemory() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (line, file) = (dup(ends[0]), open("/etc/passwd", O_RDONLY))
    defer { for end in ends + [line, file] { close(end) } }
    let gate = try #require(EdgeGate(over: line))
    func wakes() -> Bool {
      var entry = pollfd(fd: gate.descriptor, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, 30_000) > 0
    }
    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: linux_boottime_ns()) }
    gate.wasRead(edges: EdgeStorm.most + 1, at: now())
    // A file cannot be watched, as a line cannot be without memory.
    #expect(dup2(file, line) == line)
    gate.wasRead(edges: 0, at: now() + EdgeStorm.tick)
    #expect(!gate.isStorming)
    #expect(wakes(), "the tick")
    #expect(dup2(ends[0], line) == line)
    gate.wasRead(edges: 0, at: now())
    #expect(write(ends[1], "x", 1) == 1)
    #expect(wakes(), "the edge")
  }

  @Test(
    "One reading takes a bounded number of edges, and the level counts whatever they said", arguments: [true, false])
  func boundedReading(level: Bool) {
    let input = FakeInput(level)
    input.hasEndlessEdges = true
    var contact = FilteredInput(input)
    for turn in 1...5 {
      let isHeard = contact.read(at: .ms(Int64(turn)))
      #expect(isHeard)
      #expect(input.edgesTaken == turn * FilteredInput.edgesPerReading)
      #expect(contact.state == level)
    }
  }

  @Test(
    "A contactor's contact that storms shows what was not commanded, without ever changing", arguments: [true, false])
  func contact(isSecond: Bool) {
    let (first, second) = (FakeInput(false), FakeInput(false))
    var pair = ContactPair(ReadContact(first), ReadContact(second))
    _ = pair.read(at: .ms(0))
    #expect(pair.isActive(commanded: true) == false)
    (isSecond ? second : first).isStorming = true
    for turn in Int64(1)...20 {
      for input in [first, second] { input.set(turn % 2 == 0, at: .ms(turn)) }
      _ = pair.read(at: .ms(turn))
      #expect(pair.isActive(commanded: true) == false)
      #expect(pair.isActive(commanded: false) == true)
    }
    (isSecond ? second : first).isStorming = false
    #expect(pair.isActive(commanded: false) == true, "calm again, it shows where it is")
    #expect(pair.isActive(commanded: true) == true)
  }

  @Test("A safety contact that storms is active, whatever its level, until it is calm", arguments: [true, false])
  func safetyInput(isNormallyClosed: Bool) {
    let input = FakeInput(isNormallyClosed)
    var configuration = GPIOSafetyInput.Configuration(GPIOContact(.unused, isNormallyClosed: isNormallyClosed))
    configuration.filter = .zero
    configuration.debounce = .zero
    let driver = GPIOSafetyInput(configuration, input: input)
    driver.service(at: .ms(0))
    #expect(driver.state?.isActive == false)
    input.isStorming = true
    for turn in Int64(1)...20 {
      input.set(turn % 2 == 0, at: .ms(turn))
      driver.service(at: .ms(turn))
      #expect(driver.state?.isActive == true)
    }
    input.isStorming = false
    input.set(isNormallyClosed, at: .ms(30))
    driver.service(at: .ms(31))
    #expect(driver.state?.isActive == false)
  }
}
