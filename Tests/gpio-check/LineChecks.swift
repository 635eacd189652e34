import CAllocationCounter
import CLinux
import ChargerBase
import Glibc
import HAL
import HALConformance
import HALLinux
import Synchronization

/// What only the real kernel can show: who holds a line, how lines are found, the kernel's time, what a cycle costs.
enum LineChecks {
  static func all(_ chip: SimulatedChip, _ other: SimulatedChip) -> [(title: String, run: () throws -> String?)] {
    [
      ("a line that another driver holds is told with its holder", { try heldLine(chip) }),
      ("a line that is named by its number and by its name is one line", { try oneLineTwoNames(chip) }),
      ("a line is found by its name alone, and by the chip's path, name and label", { try finding(chip) }),
      ("a name that two chips have is refused without a chip", { try ambiguous(chip, other) }),
      ("a line that is not there, and a number beyond the chip, are refused", { try missing(chip) }),
      ("an active-low output is off at its making and high when it is given up", { try activeLow(chip) }),
      ("resistors and open drain are taken", { try resistors(chip) }),
      ("an edge carries the kernel's time, not that of its reading", { try kernelTime(chip) }),
      ("a trip of a millisecond between two readings is kept", { try shortTrip(chip) }),
      ("an input that never rests does not hold up an opening, and its last level counts", { try storm(chip) }),
      ("a button, a bay and a light work by their own thread", { try front(chip) }),
      ("a cycle of all drivers allocates nothing", { try allocations(chip) }),
      ("from an edge to its reading", { try latency(chip) }),
    ]
  }

  private static func address(_ chip: String?, _ line: String) -> GPIOLineAddress {
    GPIOLineAddress(chip: chip, lineText: line, isActiveLow: false)
  }

  /// The error of a safety input on a line; nil when it can be taken.
  private static func refusal(_ address: GPIOLineAddress) -> GPIOError? {
    do throws(GPIOError) {
      _ = try GPIOSafetyInput(GPIOSafetyInput.Configuration(GPIOContact(address)))
      return nil
    } catch {
      return error
    }
  }

  private static func heldLine(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    let contactor = try rig.makeGPIOContactor()
    for line in ["coil", "aux"] {
      let error = try require(refusal(rig.address(line)), "\(line) is refused")
      try require(
        error.description == "\(chip.label) line \"\(line)\": the line is held by gpio-check contactor",
        error.description)
    }
    return withExtendedLifetime(contactor) { nil }
  }

  private static func oneLineTwoNames(_ chip: SimulatedChip) throws -> String? {
    let configuration = GPIOContactor.Configuration(
      coil: address(chip.label, "0"), feedback: GPIOContact(address(nil, "coil")))
    var refusal: GPIOError?
    do throws(GPIOError) { _ = try GPIOContactor(configuration) } catch { refusal = error }
    try require(refusal?.holder == "charger contactor", "the holder is told: \(refusal?.description ?? "nothing")")
    try require(!(try chip.level("coil")), "and what was taken is given back")
    try require(Self.refusal(address(chip.label, "0")) == nil, "and free")
    return nil
  }

  private static func finding(_ chip: SimulatedChip) throws -> String? {
    for found in [nil, chip.path, chip.name, chip.label] {
      let line = found == nil ? "bay" : "12"
      if let error = refusal(address(found, line)) { throw error }
    }
    return nil
  }

  private static func ambiguous(_ chip: SimulatedChip, _ other: SimulatedChip) throws -> String? {
    let error = try require(refusal(address(nil, "coil-of-two")), "it is refused")
    try require(error.code == .ambiguous, error.description)
    if let error = refusal(address(other.label, "coil-of-two")) { throw error }
    return nil
  }

  private static func missing(_ chip: SimulatedChip) throws -> String? {
    for line in ["nothing", "99"] {
      let error = try require(refusal(address(chip.label, line)), "\(line) is refused")
      try require(error.code == .line, error.description)
    }
    return nil
  }

  private static func activeLow(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    do {
      var coil = rig.address("coil")
      coil.isActiveLow = true
      // Another polarity beside it, set by the same call.
      var configuration = GPIOContactor.Configuration(coil: coil, feedback: GPIOContact(rig.address("aux")))
      configuration.secondCoil = rig.address("relay")
      let contactor = try GPIOContactor(configuration)
      try require(try chip.level("coil") && !chip.level("relay"), "both are off at first")
      contactor.command(.closed)
      try require(try !chip.level("coil") && chip.level("relay"), "both are on")
      contactor.command(.open)
      try require(try chip.level("coil") && !chip.level("relay"), "both are off again")
    }
    return nil
  }

  private static func resistors(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    for bias in GPIOLineAddress.Bias.allCases {
      var line = rig.address("stop")
      line.bias = bias
      if let error = refusal(line) { throw error }
    }
    for output in GPIOLineAddress.Output.allCases {
      var coil = rig.address("coil")
      coil.output = output
      _ = try GPIOContactor(
        GPIOContactor.Configuration(coil: coil, feedback: GPIOContact(rig.address("aux"))))
    }
    return nil
  }

  private static func kernelTime(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    let driver = try rig.makeGPIOContactor()
    driver.service(at: rig.now)
    let before = rig.now
    try chip.pull("aux", true)
    let after = rig.now
    usleep(100_000)
    driver.service(at: rig.now)
    let feedback = try require(driver.feedback, "a reading")
    try require(feedback.position == .closed, "closed")
    let milliseconds = (feedback.takenAt - before).wholeMilliseconds
    try require(feedback.takenAt >= before.advanced(by: .milliseconds(-2)), "not before the edge: \(milliseconds) ms")
    try require(
      feedback.takenAt <= after + .milliseconds(60), "\(milliseconds) ms after the edge, though it was read at 100 ms")
    return "\((feedback.takenAt - before).wholeNanoseconds / 1_000) µs after the pull began"
  }

  private static func shortTrip(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    let driver = try rig.makeGPIOMonitor()
    let descriptor = try require(driver.wakeDescriptor, "a wake descriptor")
    driver.service(at: rig.now)
    let begin = rig.now
    try chip.pull("trip", true)
    usleep(1_000)
    try chip.pull("trip", false)
    let milliseconds = (rig.now - begin).wholeMilliseconds
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    try require(poll(&entry, 1, 30_000) > 0, "its edges wake")
    // Which of the two the kernel has told by now is its own affair.
    for _ in 0..<3_000 where driver.reading?.isTripped != true {
      driver.service(at: rig.now)
      usleep(10_000)
    }
    try require(driver.reading?.isTripped == true, "tripped")
    return "it lasted \(milliseconds) ms"
  }

  private static func storm(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    let contactor = try rig.makeGPIOContactor()
    let stop = try rig.makeGPIOSafetyInput()
    let descriptor = try require(stop.wakeDescriptor, "a wake descriptor")
    var wakes = 0
    /// As the control lane does: sleeps until something wakes it, then serves.
    func serve(_ milliseconds: Int32) {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, milliseconds) > 0 { wakes += 1 }
      for driver in [contactor, stop] as [any ControlLaneDriver] { driver.service(at: rig.now) }
    }
    func wait(for what: String, _ condition: () -> Bool) throws {
      for _ in 0..<30_000 {
        if condition() { return }
        serve(2)
      }
      throw ConformanceViolation(what)
    }
    var told = ""
    for last in [false, true] {
      try rig.setActive(false)
      try wait(for: "at rest first") { stop.state?.isActive == false }
      contactor.command(.closed)
      try require(try chip.level("coil"), "the coil has voltage")
      let shaker = try Shaker(chip, "stop")
      try wait(for: "the storm is told as active") { stop.state?.isActive == true }
      contactor.command(.open)
      try require(try !chip.level("coil"), "the coil has none")
      wakes = 0
      let begin = (rig.now, shaker.edges)
      while rig.now < begin.0 + .milliseconds(500) { serve(100) }
      let milliseconds = max(1, (rig.now - begin.0).wholeMilliseconds)
      let rate = Int64(clamping: shaker.edges - begin.1) * 1_000 / milliseconds
      told = "\(rate) edges and \(Int64(clamping: wakes) * 1_000 / milliseconds) wakes a second"
      shaker.stop()
      try rig.setActive(last)
      try wait(for: "the last level, \(last ? "active" : "at rest")") { stop.state?.isActive == last }
      for _ in 0..<50 { serve(2) }
      try require(stop.state?.isActive == last, "the last level stays")
      // And the next edge wakes as ever.
      serve(0)
      try rig.setActive(!last)
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      try require(poll(&entry, 1, 30_000) > 0, "an edge wakes again")
      try wait(for: "the level after it") { stop.state?.isActive != last }
    }
    return told
  }

  private static func front(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    func wait(for what: String, _ condition: () throws -> Bool) throws {
      for _ in 0..<3_000 {
        if try condition() { return }
        usleep(10_000)
      }
      throw ConformanceViolation("\(what) did not come")
    }
    let button = try GPIOStartButton(GPIOStartButton.Configuration(rig.address("button")))
    var configuration = GPIOParkingBaySensor.Configuration(rig.address("bay"))
    configuration.fault = rig.address("bay-fault")
    let bay = try GPIOParkingBaySensor(configuration)
    var lamps = GPIOLight.Configuration()
    lamps.red = rig.address("red")
    lamps.green = rig.address("green")
    let light = try GPIOLight(lamps)
    let bell = Bell()
    button.start { bell.ring() }
    bay.start { bell.ring() }
    light.start {}
    try wait(for: "the free bay") { bay.reading?.isOccupied == false }
    light.show(LightPattern(.yellow))
    try wait(for: "yellow") { try chip.level("red") && chip.level("green") }
    light.show(LightPattern(.red, .blinking))
    for isLit in [true, false, true, false] { try wait(for: "the rhythm") { try chip.level("red") == isLit } }
    let before = bell.rings
    try chip.pull("button", true)
    try wait(for: "the press") { bell.rings > before }
    try require(button.takePresses() == 1, "one press")
    try chip.pull("bay", true)
    try wait(for: "the car") { bay.reading?.isOccupied == true }
    try chip.pull("bay-fault", true)
    try wait(for: "the detector's fault") { bay.health != .alive }
    button.stop()
    bay.stop()
    light.stop()
    try wait(for: "darkness") { try !chip.level("red") && !chip.level("green") }
    return nil
  }

  private static func allocations(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    let contactor = try rig.makeGPIOContactor()
    let lock = try rig.makeGPIOLock()
    let monitor = try rig.makeGPIOMonitor()
    let stop = try rig.makeGPIOSafetyInput()
    let phases = try rig.makeGPIOPhaseSwitch()
    let drivers: [any ControlLaneDriver] = [contactor, lock, monitor, stop, phases]
    var allocated: UInt64 = 0
    var cycles = 0
    for round in 0..<40 {
      let isOdd = round % 2 == 1
      // Edges come, and outputs go, in every round.
      for line in ["aux", "position", "trip", "stop", "relay-aux"] { try chip.pull(line, isOdd) }
      let before = allocation_count()
      contactor.command(isOdd ? .closed : .open)
      lock.command(isOdd ? .locked : .unlocked)
      phases.command(isOdd ? .three : .one)
      monitor.setTestCurrent(isOdd)
      if isOdd { monitor.reset() }
      for _ in 0..<50 {
        for driver in drivers {
          driver.service(at: rig.now)
          _ = driver.health
        }
        usleep(500)
      }
      if round >= 4 {
        allocated += allocation_count() - before
        cycles += 50
      }
    }
    #if DEBUG
      return "not judged: \(allocated) in \(cycles) cycles, and an unoptimized build allocates by itself"
    #else
      try require(allocated == 0, "\(allocated) allocations in \(cycles) cycles")
      return "\(cycles) cycles of five drivers"
    #endif
  }

  private static func latency(_ chip: SimulatedChip) throws -> String? {
    let rig = try KernelRig(chip)
    let driver = try rig.makeGPIOSafetyInput()
    driver.service(at: rig.now)
    let descriptor = try require(driver.wakeDescriptor, "a wake descriptor")
    var toReading: [Int64] = []
    for round in 0..<200 {
      let isActive = round % 2 == 0
      let begin = rig.now
      try rig.setActive(isActive)
      while driver.state?.isActive != isActive {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        try require(poll(&entry, 1, 10_000) > 0, "the descriptor is readable")
        driver.service(at: rig.now)
      }
      if isActive { toReading.append((rig.now - begin).wholeNanoseconds / 1_000) }
      usleep(2_000)
    }
    toReading.sort()
    return
      "contact opened to emergency stop read, its filter of 2 ms included: median \(toReading[toReading.count / 2]) µs, "
      + "worst \(toReading.last ?? 0) µs of \(toReading.count)"
  }
}

/// Moves a line as fast as it can, from a thread of its own.
private final class Shaker: @unchecked Sendable {
  // Unchecked: what both threads touch is atomic; its maker alone stops it, once.
  private let isOver = Atomic<Bool>(false)
  private let count = Atomic<Int>(0)
  private var thread: PlainThread?

  init(_ chip: SimulatedChip, _ line: String) throws {
    let descriptor = try chip.openPull(line)
    thread = try PlainThread { [self] in
      var isHigh = false
      while !isOver.load(ordering: .relaxed) {
        isHigh.toggle()
        let text = isHigh ? "pull-up" : "pull-down"
        if pwrite(descriptor, text, text.utf8.count, 0) > 0 { count.add(1, ordering: .relaxed) }
      }
      close(descriptor)
    }
  }

  var edges: Int { count.load(ordering: .relaxed) }

  func stop() {
    isOver.store(true, ordering: .relaxed)
    thread?.join()
  }
}

private final class Bell: Sendable {
  private let count = Atomic<Int>(0)
  func ring() { count.add(1, ordering: .relaxed) }
  var rings: Int { count.load(ordering: .relaxed) }
}
