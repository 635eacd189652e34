import CLinux
import ChargerBase
import Glibc
import HAL
import Synchronization
import Testing

@testable import HALLinux

@Suite("Buttons, bays and lights on GPIO lines")
struct GPIOFrontTests {
  @Test("A button that is pressed when the driver begins is no press until it is let go and pressed again")
  func stuckButton() throws {
    let rig = GPIOPostRig()
    rig.show(true)
    let button = try rig.makeStartButton()
    button.start {}
    rig.wait(.milliseconds(500))
    #expect(button.takePresses() == 0)
    rig.show(false)
    rig.wait(.milliseconds(100))
    try rig.pressStart()
    #expect(button.takePresses() == 1)
  }

  @Test("ParkingBaySensor 3: a detector that says it is faulty keeps its last reading, and its health tells")
  func faultyDetector() {
    let rig = GPIOPostRig()
    let bay = rig.makeBay()
    bay.start {}
    rig.wait(.milliseconds(100))
    #expect(bay.reading?.isOccupied == false)
    rig.show(true, on: 1)
    rig.wait(.milliseconds(100))
    #expect(bay.health != .alive)
    rig.show(true)
    rig.wait(.milliseconds(100))
    #expect(bay.reading?.isOccupied == false)
    rig.show(false, on: 1)
    rig.wait(.milliseconds(100))
    #expect(bay.health == .alive)
    #expect(bay.reading?.isOccupied == true)
  }

  @Test("The light is dark before the first pattern and after its end")
  func dark() {
    let rig = GPIOPostRig()
    let light = rig.makeLamp()
    light.start {}
    rig.wait(.milliseconds(50))
    #expect(rig.outputs.active == 0)
    light.show(LightPattern(.white))
    rig.wait(.milliseconds(50))
    #expect(rig.outputs.active == 7)
    light.stop()
    #expect(rig.outputs.active == 0)
  }

  @Test("A colour whose lamps are not there is shown by the nearest, and no colour but off is dark")
  func lamps() {
    #expect(LightLamps.showing(.blue, of: [.red, .green]) == .green)
    #expect(LightLamps.showing(.yellow, of: [.red, .green, .blue]) == [.red, .green])
    #expect(LightLamps.showing(.white, of: [.red, .white]) == .white)
    #expect(LightLamps.showing(.red, of: .green) == .green)
    for lamps in (UInt8(1)...15).map({ LightLamps(rawValue: $0) }) {
      for colour in LightPattern.Colour.allCases {
        #expect(LightLamps.showing(colour, of: lamps).isEmpty == (colour == .off))
      }
    }
  }

  @Test("A blinking light is on for half of its period, a pulsing one for three quarters")
  func rhythm() {
    let rhythm = LightRhythm(blink: .seconds(1), pulse: .seconds(2))
    #expect(rhythm.state(.blinking, after: .milliseconds(499)) == (true, .milliseconds(500)))
    #expect(rhythm.state(.blinking, after: .milliseconds(3_500)) == (false, .seconds(4)))
    #expect(rhythm.state(.pulsing, after: .milliseconds(1_499)) == (true, .milliseconds(1_500)))
    #expect(rhythm.state(.pulsing, after: .milliseconds(1_500)) == (false, .seconds(2)))
    #expect(rhythm.state(.steady, after: .seconds(100)) == (true, nil))
  }

  // MARK: Real descriptors and the real thread

  /// Waits for a condition as long as a slow machine may need.
  private func wait(for what: String, _ condition: () -> Bool) {
    for _ in 0..<6_000 {
      if condition() { return }
      usleep(10_000)
    }
    Issue.record("\(what) did not come")
  }

  @Test("The front lane wakes for an edge, notifies, and lets its parts go")
  func frontLane() {
    let lane = FrontLane()
    let line = EventInput()
    let rings = Atomic<Int>(0)
    var configuration = GPIOStartButton.Configuration(.unused)
    configuration.debounce = .zero
    let button = GPIOStartButton(configuration, input: line, host: lane)
    for _ in 0..<2 {
      button.start { rings.add(1, ordering: .relaxed) }
      let before = rings.load(ordering: .relaxed)
      wait(for: "the first step") { line.readings > 0 }
      line.set(true)
      wait(for: "a notification") { rings.load(ordering: .relaxed) > before }
      #expect(button.takePresses() == 1)
      line.set(false)
      let seen = line.readings
      wait(for: "the release") { line.readings > seen }
      button.stop()
    }
  }

  @Test("The wake descriptor of a lane's driver is readable for an edge and for the driver's own time, and quiet after")
  func lineWake() throws {
    let line = EventInput()
    let wake = try #require(try LineWake.over([line], of: .unused))
    #expect(!isReadable(wake.descriptor))
    line.set(true)
    #expect(isReadable(wake.descriptor))
    _ = line.nextEdge()
    #expect(!isReadable(wake.descriptor))
    wake.wakeSoon()
    wait(for: "the timer") { isReadable(wake.descriptor) }
    wake.wake(at: nil)
    #expect(!isReadable(wake.descriptor))
    wake.wake(at: MonotonicInstant(nanoseconds: linux_boottime_ns()) + .milliseconds(20))
    wait(for: "the timer") { isReadable(wake.descriptor) }
    wake.wake(at: MonotonicInstant(nanoseconds: linux_boottime_ns()) + .seconds(3_600))
    #expect(!isReadable(wake.descriptor))
    #expect(try LineWake.over([line, FakeInput()], of: .unused) == nil, "one that must be polled has no descriptor")
  }

  @Test("An opening that the outputs did not take wakes the lane at once, and is given again")
  func refusedOpening() throws {
    let line = EventInput()
    let outputs = FakeOutputs()
    let driver = GPIOContactor(
      GPIOContactor.Configuration(coil: .unused, feedback: GPIOContact(.unused)), outputs: outputs,
      contact: ReadContact(line), wake: try LineWake.over([line], of: .unused))
    let descriptor = try #require(driver.wakeDescriptor)
    let begun = MonotonicInstant(nanoseconds: linux_boottime_ns())
    driver.command(.closed)
    driver.service(at: begun)
    #expect(outputs.active == 1)
    #expect(!isReadable(descriptor))
    outputs.fails = true
    driver.command(.open)
    wait(for: "the wake") { isReadable(descriptor) }
    outputs.fails = false
    driver.service(at: begun + .milliseconds(10))
    #expect(outputs.active == 0)
    #expect(!isReadable(descriptor))
  }

  private func isReadable(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }
}

/// An input whose edges wait at a real descriptor, for any thread.
private final class EventInput: DigitalInput, @unchecked Sendable {
  // Unchecked: `state` is under its lock.
  private struct State {
    var level = false
    var edges: [Bool] = []
    var readings = 0
  }

  private let event = linux_eventfd()
  private let state = Mutex(State())

  deinit { close(event) }

  var descriptor: Int32? { event }
  var readings: Int { state.withLock(\.readings) }

  func set(_ level: Bool) {
    state.withLock {
      $0.level = level
      $0.edges.append(level)
    }
    linux_eventfd_signal(event)
  }

  func get() -> Bool? {
    state.withLock {
      $0.readings += 1
      return $0.level
    }
  }

  func nextEdge() -> LineEdge? {
    state.withLock { state in
      guard !state.edges.isEmpty else {
        linux_eventfd_drain(event)
        return nil
      }
      let level = state.edges.removeFirst()
      if state.edges.isEmpty { linux_eventfd_drain(event) }
      return LineEdge(isActive: level, at: MonotonicInstant(nanoseconds: linux_boottime_ns()))
    }
  }
}
