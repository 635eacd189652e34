import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Lock supervisor")
struct LockSupervisorTests {
  /// A lock on a simulated clock; it arrives 300 ms after a command while `moves`.
  private struct Socket {
    let timing = TimingTable()
    var lock = LockSupervisor(at: .zero)
    var now = MonotonicInstant.zero
    var moves = true
    var commands: [LockPosition] = []
    var commandedAt: [MonotonicInstant] = []
    private var arrival: (position: LockPosition, at: MonotonicInstant)?

    init(at position: LockPosition? = .unlocked) {
      if let position { show(position) }
    }

    mutating func show(_ position: LockPosition) {
      lock.take(LockFeedback(position: position, takenAt: now))
      judge()
    }

    mutating func want(_ position: LockPosition) {
      lock.want(position, at: now)
      judge()
    }

    mutating func judge() {
      lock.evaluate(at: now, timing: timing)
      guard let command = lock.takeCommand() else { return }
      commands.append(command)
      commandedAt.append(now)
      if moves { arrival = (command, now + .milliseconds(300)) }
    }

    mutating func run(for duration: Duration) {
      let end = now + duration
      while true {
        var deadline = Deadline(after: now)
        lock.deadlines(&deadline, timing: timing)
        let next = min(deadline.soonest, arrival?.at ?? end)
        guard next <= end else { break }
        now = max(now, next)
        if let arrived = arrival, arrived.at <= now {
          arrival = nil
          show(arrived.position)
        } else {
          judge()
        }
        if now == end && deadline.soonest > end { break }
      }
      now = end
      judge()
    }
  }

  @Test("A lock is driven once, and counts as locked only when the position contact shows it")
  func locks() {
    var socket = Socket()
    socket.want(.locked)
    #expect(socket.commands == [.locked])
    #expect(!socket.lock.isConfirmedLocked)
    socket.run(for: .milliseconds(299))
    #expect(!socket.lock.isConfirmedLocked)
    socket.run(for: .milliseconds(1))
    #expect(socket.lock.isConfirmedLocked)
    socket.run(for: .seconds(60))
    socket.want(.unlocked)
    #expect(!socket.lock.isConfirmedLocked)
    socket.run(for: .seconds(60))
    #expect(socket.commands == [.locked, .unlocked])
    #expect(socket.lock.isConfirmedUnlocked)
    #expect(socket.lock.faults.isEmpty)
  }

  @Test("Until somebody wants a position the lock stays where an earlier run has left it")
  func untouchedAtStart() {
    var socket = Socket(at: .locked)
    socket.run(for: .seconds(60))
    #expect(socket.commands.isEmpty)
    #expect(socket.lock.isWanted == .locked)
    #expect(!socket.lock.isConfirmedLocked)
    socket.want(.locked)
    #expect(socket.lock.isConfirmedLocked)
    #expect(socket.commands.isEmpty)
  }

  @Test("A lock that does not move is tried three times, 2 s each with 1 s between, and has failed after 8 s")
  func retries() {
    var socket = Socket()
    socket.moves = false
    socket.want(.locked)
    socket.run(for: .milliseconds(7_999))
    #expect(socket.commandedAt == [.zero, .zero + .seconds(3), .zero + .seconds(6)])
    #expect(!socket.lock.hasFailed)
    socket.run(for: .milliseconds(1))
    #expect(socket.lock.hasFailed)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
    socket.run(for: .seconds(60))
    #expect(socket.commands.count == 3)
    // Arriving late it is still no lock to rely on.
    socket.show(.locked)
    #expect(!socket.lock.isConfirmedLocked)
  }

  @Test("A lock that moves at the second attempt has not failed")
  func secondAttempt() {
    var socket = Socket()
    socket.moves = false
    socket.want(.locked)
    socket.run(for: .seconds(2))
    socket.moves = true
    socket.run(for: .seconds(2))
    #expect(socket.commands == [.locked, .locked])
    #expect(socket.lock.isConfirmedLocked)
    #expect(socket.lock.faults.isEmpty)
  }

  @Test("Opened by hand it is not confirmed and has failed in the same call, and is not driven against the hand")
  func openedByHand() {
    var socket = Socket()
    socket.want(.locked)
    socket.run(for: .seconds(1))
    socket.lock.take(LockFeedback(position: .unlocked, takenAt: socket.now))
    #expect(!socket.lock.isConfirmedLocked)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
    socket.run(for: .seconds(60))
    #expect(socket.commands == [.locked])
    // Shut by hand again, the failure stays; with the vehicle gone the next one is locked in.
    socket.show(.locked)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
    socket.want(.unlocked)
    socket.run(for: .seconds(1))
    #expect(socket.lock.faults.isEmpty)
    socket.lock.vehicleLeft()
    socket.want(.locked)
    socket.run(for: .seconds(1))
    #expect(socket.lock.isConfirmedLocked)
  }

  @Test("Wanted locked again before an unlocking has arrived it is driven back, and was not opened by hand")
  func turnsBack() {
    var socket = Socket()
    socket.want(.locked)
    socket.run(for: .seconds(1))
    socket.want(.unlocked)
    socket.moves = false
    socket.run(for: .milliseconds(100))
    // A flicker of the mains, shorter than the lock's travel.
    socket.want(.locked)
    #expect(socket.commands == [.locked, .unlocked, .locked])
    #expect(!socket.lock.isConfirmedLocked)
    socket.run(for: .milliseconds(200))
    socket.show(.unlocked)
    #expect(socket.lock.faults.isEmpty)
    #expect(!socket.lock.isConfirmedLocked)
    socket.run(for: .milliseconds(300))
    socket.show(.locked)
    #expect(socket.lock.isConfirmedLocked)
    #expect(socket.commands.count == 3)
    // From here on a hand is a hand again.
    socket.show(.unlocked)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
  }

  @Test("A driver that is silent meanwhile does not make a lock whose unlocking is on its way a locked one")
  func turnsBackAfterSilence() {
    var socket = Socket()
    socket.want(.locked)
    socket.run(for: .seconds(1))
    socket.moves = false
    socket.want(.unlocked)
    socket.lock.setAlive(false, at: socket.now)
    socket.want(.locked)
    socket.run(for: .seconds(5))
    socket.lock.setAlive(true, at: socket.now)
    socket.show(.locked)
    #expect(!socket.lock.isConfirmedLocked)
    #expect(socket.commands == [.locked, .unlocked, .locked])
    socket.run(for: .milliseconds(200))
    socket.show(.unlocked)
    #expect(socket.lock.faults.isEmpty)
    socket.show(.locked)
    #expect(socket.lock.isConfirmedLocked)
  }

  @Test("A lock that turns back before its contact has moved counts as locked after the drive's time")
  func turnsBackUnseen() {
    var socket = Socket()
    socket.want(.locked)
    socket.run(for: .seconds(1))
    socket.moves = false
    socket.want(.unlocked)
    socket.run(for: .milliseconds(100))
    socket.want(.locked)
    for _ in 0..<19 {
      socket.run(for: .milliseconds(100))
      socket.show(.locked)
      #expect(!socket.lock.isConfirmedLocked)
    }
    socket.run(for: .milliseconds(100))
    #expect(socket.lock.isConfirmedLocked)
    #expect(socket.commands == [.locked, .unlocked, .locked])
    socket.run(for: .seconds(60))
    #expect(socket.commands.count == 3)
    socket.show(.unlocked)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
  }

  @Test("A failure to lock is a failure again when it is wanted again with the same vehicle")
  func failureOutlivesWish() {
    var socket = Socket()
    socket.moves = false
    socket.want(.locked)
    socket.run(for: .seconds(8))
    socket.want(.unlocked)
    #expect(socket.lock.faults.isEmpty)
    socket.want(.locked)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
    #expect(socket.commands.count == 3)
    socket.want(.unlocked)
    socket.lock.vehicleLeft()
    socket.moves = true
    socket.want(.locked)
    socket.run(for: .seconds(1))
    #expect(socket.lock.isConfirmedLocked)
  }

  @Test("A plug that cannot be unlocked is told as failed; a new request tries again; a hand ends it")
  func unlockFails() {
    var socket = Socket()
    socket.want(.locked)
    socket.run(for: .seconds(1))
    socket.moves = false
    socket.want(.unlocked)
    socket.run(for: .seconds(8))
    #expect(socket.lock.hasFailed)
    #expect(socket.lock.isWanted == .unlocked)
    #expect(socket.lock.faults == FaultSet(.lockFailure))
    #expect(!socket.lock.isConfirmedUnlocked)
    socket.lock.tryAgain(at: socket.now)
    socket.judge()
    #expect(!socket.lock.hasFailed)
    socket.run(for: .seconds(8))
    #expect(socket.commands.count == 7)
    #expect(socket.lock.hasFailed)
    socket.show(.unlocked)
    #expect(!socket.lock.hasFailed)
    #expect(socket.lock.faults.isEmpty)
  }

  @Test("A silent driver: nothing is confirmed, nothing is driven, and the attempts begin anew when it is back")
  func silent() {
    var socket = Socket()
    socket.moves = false
    socket.want(.locked)
    socket.run(for: .seconds(7))
    socket.lock.setAlive(false, at: socket.now)
    socket.judge()
    #expect(socket.lock.position == nil)
    #expect(socket.lock.faults == FaultSet(.lockDriverSilent))
    #expect(socket.lock.hasFailed)
    socket.show(.locked)
    #expect(!socket.lock.isConfirmedLocked)
    socket.run(for: .seconds(60))
    #expect(socket.commands.count == 3)
    socket.lock.setAlive(true, at: socket.now)
    socket.moves = true
    socket.show(.unlocked)
    socket.run(for: .seconds(1))
    #expect(socket.commands.count == 4)
    #expect(socket.lock.isConfirmedLocked)
    #expect(socket.lock.faults.isEmpty)
  }

  @Test("A lock that was never read counts as silent after a second")
  func neverRead() {
    var socket = Socket(at: nil)
    socket.want(.locked)
    socket.run(for: .milliseconds(999))
    #expect(socket.lock.faults.isEmpty)
    socket.run(for: .milliseconds(1))
    #expect(socket.lock.faults == FaultSet(.lockDriverSilent))
    #expect(socket.commands.isEmpty)
  }

  @Test("A lock that springs back by itself is driven no more often than the pause allows")
  func springsBack() {
    var socket = Socket(at: .locked)
    socket.want(.unlocked)
    for _ in 0..<100 {
      socket.show(.unlocked)
      socket.show(.locked)
      socket.run(for: .milliseconds(10))
    }
    #expect(socket.commands.count <= 3)
  }
}
