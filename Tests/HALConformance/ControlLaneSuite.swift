import ChargerBase
import Glibc
import HAL

/// One driver under the obligations that all drivers of the control lane have.
package struct ControlLaneSubject {
  package let driver: any ControlLaneDriver
  /// The time of its newest reading; nil before the first.
  package let newestAt: () -> MonotonicInstant?
  /// Makes the hardware show something else; nil for a driver that shows nothing.
  package let change: (() throws -> Void)?
  /// Takes the hardware's voice, or gives it back; nil for hardware that cannot fall silent by itself.
  package let setSilent: ((Bool) throws -> Void)?
  /// The silence that the driver declares.
  package let silence: Duration

  package init(
    _ driver: any ControlLaneDriver, newestAt: @escaping () -> MonotonicInstant?, change: (() throws -> Void)?,
    setSilent: ((Bool) throws -> Void)?, silence: Duration
  ) {
    self.driver = driver
    self.newestAt = newestAt
    self.change = change
    self.setSilent = setSilent
    self.silence = silence
  }
}

/// A rig that has a driver of the kind in question, whatever it is.
package protocol ControlLaneRig: ConformanceRig {
  /// - Parameter kind: the HAL protocol's name.
  func makeSubject(_ kind: String) throws -> ControlLaneSubject
}

/// The obligations of `ControlLaneDriver`, for each kind of driver.
package enum ControlLaneSuite {
  /// Every kind of driver that the control lane serves.
  package static let kinds = [
    "ControlPilot", "Contactor", "ConnectorLock", "ProximityPilot", "EnergyMeter", "ResidualCurrentMonitor",
    "TemperatureSensor", "PhaseSwitch", "SafetyInput", "SystemWatchdog",
  ]

  package typealias Subject = (rig: any ControlLaneRig, kind: String)

  package static let checks: [ConformanceCheck<Subject>] = [
    ConformanceCheck("ControlLaneDriver 1", "every member returns within 1 ms and never blocks") { rig, kind in
      let subject = try rig.makeSubject(kind)
      rig.serve([subject.driver], for: .milliseconds(200))
      var times: [Int64] = []
      for round in 0..<200 {
        if round % 50 == 0 { try subject.change?() }
        let begin = clock(CLOCK_MONOTONIC)
        let worked = clock(CLOCK_THREAD_CPUTIME_ID)
        subject.driver.service(at: rig.now)
        _ = subject.driver.health
        _ = subject.newestAt()
        try require(
          clock(CLOCK_THREAD_CPUTIME_ID) - worked < 1_000_000 + rig.slack.wholeNanoseconds / 10,
          "a call worked for longer than 1 ms")
        times.append(clock(CLOCK_MONOTONIC) - begin)
        rig.wait(.milliseconds(1))
      }
      // The median: what the machine itself takes from a thread is not the driver's.
      times.sort()
      try require(times[times.count / 2] < 1_000_000, "the median call took \(times[times.count / 2]) ns")
    },
    ConformanceCheck("ControlLaneDriver 2", "a driver is served by a thread other than the one that made it") {
      rig, kind in
      let subject = try rig.makeSubject(kind)
      try subject.change?()
      nonisolated(unsafe) let borrowed = (subject: subject, rig: rig)  // the maker waits for the thread
      let thread = try PlainThread {
        borrowed.rig.serve([borrowed.subject.driver]) {
          borrowed.subject.change == nil || borrowed.subject.newestAt() != nil
        }
      }
      thread.join()
      try require(subject.change == nil || subject.newestAt() != nil, "nothing was read on the other thread")
    },
    ConformanceCheck(
      "ControlLaneDriver 3", "the wake descriptor is readable with news and not after they were served"
    ) { rig, kind in
      let subject = try rig.makeSubject(kind)
      rig.serve([subject.driver]) { subject.change == nil || subject.newestAt() != nil }
      guard let change = subject.change else { return }
      guard let descriptor = subject.driver.wakeDescriptor else {
        // Served in every cycle of the lane: news are there at the next one.
        let before = subject.newestAt()
        try change()
        try rig.require(within: .seconds(2), serving: [subject.driver], "the news") { subject.newestAt() != before }
        return
      }
      subject.driver.service(at: rig.now)
      try change()
      try require(isReadable(descriptor, 30_000), "not readable although there are news")
      // Other news may come meanwhile; it must become quiet at least once.
      var quiet = false
      for _ in 0..<50 where !quiet {
        subject.driver.service(at: rig.now)
        quiet = !isReadable(descriptor, 0)
      }
      try require(quiet, "readable although everything was served")
    },
    ConformanceCheck(
      "ControlLaneDriver 4", "silence is told after the declared time, and readings stay what they were with their time"
    ) { rig, kind in
      let subject = try rig.makeSubject(kind)
      let driver = subject.driver
      try require(
        rig.serve([driver]) { driver.health == .alive && (subject.change == nil || subject.newestAt() != nil) },
        "it does not speak at first")
      guard let setSilent = subject.setSilent else { return }
      try setSilent(true)
      rig.serve([driver], for: .milliseconds(60))
      let last = subject.newestAt()
      try rig.require(throughout: subject.silence / 2, serving: [driver], "silent too early") {
        driver.health == .alive
      }
      try rig.require(within: subject.silence, serving: [driver], "its silence is told") { driver.health != .alive }
      try require(subject.newestAt() == last, "a reading was given a new time")
      if let last {
        try require(last.duration(to: rig.now) >= subject.silence - .milliseconds(10), "it called itself silent early")
      }
      try setSilent(false)
      try require(rig.serve([driver]) { driver.health == .alive }, "it does not speak again")
    },
  ]

  private static func clock(_ id: Int32) -> Int64 {
    var time = timespec()
    clock_gettime(id, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private static func isReadable(_ descriptor: Int32, _ milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
  }
}
