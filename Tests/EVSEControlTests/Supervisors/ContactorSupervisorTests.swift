import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Contactor supervisor")
struct ContactorSupervisorTests {
  private struct Contact {
    let timing = TimingTable()
    var supervisor = ContactorSupervisor(at: .zero)
    var now = MonotonicInstant.zero

    init(at position: ContactorPosition? = .open) {
      if let position { show(position) }
    }

    mutating func show(_ position: ContactorPosition) {
      supervisor.take(ContactorFeedback(position: position, takenAt: now))
      supervisor.evaluate(at: now, timing: timing)
    }

    mutating func tryClosing(succeeds: Bool, location: SourceLocation = #_sourceLocation) {
      let closed = supervisor.close(at: now, timing: timing)
      #expect(closed == succeeds, sourceLocation: location)
    }

    mutating func open(isUnderLoad: Bool = false) {
      _ = supervisor.open(at: now, isUnderLoad: isUnderLoad)
      supervisor.evaluate(at: now, timing: timing)
    }

    mutating func run(milliseconds: Int64) {
      let end = now + .milliseconds(milliseconds)
      while true {
        var deadline = Deadline(after: now)
        supervisor.deadlines(&deadline, timing: timing)
        guard deadline.soonest <= end else { break }
        now = deadline.soonest
        supervisor.evaluate(at: now, timing: timing)
      }
      now = end
      supervisor.evaluate(at: now, timing: timing)
    }

    mutating func closeAndFollow() {
      tryClosing(succeeds: true)
      run(milliseconds: 20)
      show(.closed)
      run(milliseconds: 1_000)
    }
  }

  @Test("A slow contactor is waited for until its travel time is over, closing and opening")
  func slow() {
    var contact = Contact()
    contact.tryClosing(succeeds: true)
    contact.run(milliseconds: 249)
    contact.show(.closed)
    #expect(contact.supervisor.isConfirmedClosed)
    contact.run(milliseconds: 1_000)
    contact.open()
    contact.run(milliseconds: 249)
    #expect(contact.supervisor.isMoving)
    contact.show(.open)
    contact.run(milliseconds: 60_000)
    #expect(contact.supervisor.latched.isEmpty)
    #expect(contact.supervisor.isConfirmedOpen)
  }

  @Test("One that closes too late is stuck, and is found closed by itself when it arrives after it was opened")
  func tooSlow() {
    var contact = Contact()
    contact.tryClosing(succeeds: true)
    contact.run(milliseconds: 250)
    #expect(contact.supervisor.latched == FaultSet(.contactorStuck))
    contact.open()
    contact.run(milliseconds: 50)
    contact.show(.closed)
    contact.run(milliseconds: 249)
    #expect(contact.supervisor.latched == FaultSet(.contactorStuck))
    contact.run(milliseconds: 1)
    #expect(contact.supervisor.latched == [FaultSet(.contactorStuck), FaultSet(.contactorWelded)])
  }

  @Test("Bounce within the travel time is no fault, closing and opening")
  func bounce() {
    var contact = Contact()
    contact.tryClosing(succeeds: true)
    for _ in 0..<10 {
      contact.run(milliseconds: 10)
      contact.show(.closed)
      contact.run(milliseconds: 10)
      contact.show(.open)
      #expect(contact.supervisor.isConfirmedClosed)
    }
    contact.show(.closed)
    contact.run(milliseconds: 1_000)
    contact.open()
    for _ in 0..<10 {
      contact.run(milliseconds: 10)
      contact.show(.open)
      contact.run(milliseconds: 10)
      contact.show(.closed)
    }
    contact.show(.open)
    contact.run(milliseconds: 1_000)
    #expect(contact.supervisor.latched.isEmpty)
    #expect(!contact.supervisor.isResting(at: contact.now, timing: contact.timing))
  }

  @Test("A contact that chatters on after its travel time is found, although it never shows closed for long")
  func chatter() {
    var contact = Contact()
    contact.closeAndFollow()
    contact.open()
    var closed = false
    for _ in 0..<13 {
      #expect(contact.supervisor.latched.isEmpty)
      contact.run(milliseconds: 20)
      contact.show(closed ? .closed : .open)
      closed.toggle()
    }
    contact.show(.closed)
    #expect(contact.supervisor.latched == FaultSet(.contactorWelded))
  }

  @Test("One that falls out while commanded closed is stuck at once")
  func fallsOut() {
    var contact = Contact()
    contact.closeAndFollow()
    contact.show(.open)
    #expect(contact.supervisor.latched == FaultSet(.contactorStuck))
    #expect(!contact.supervisor.isConfirmedClosed)
  }

  @Test("One that closes by itself is not certainly open at once, never closed onto, and welded after its travel time")
  func closesByItself() {
    var contact = Contact()
    contact.run(milliseconds: 1_000)
    contact.show(.closed)
    #expect(!contact.supervisor.isConfirmedOpen)
    #expect(contact.supervisor.isMoving)
    contact.tryClosing(succeeds: false)
    contact.run(milliseconds: 249)
    #expect(contact.supervisor.latched.isEmpty)
    contact.run(milliseconds: 1)
    #expect(contact.supervisor.latched == FaultSet(.contactorWelded))
  }

  @Test(
    "A glitch of the auxiliary contact is no fault, but it must be open for the travel time before the next closing")
  func glitch() {
    var contact = Contact()
    contact.run(milliseconds: 1_000)
    contact.show(.closed)
    contact.run(milliseconds: 100)
    contact.show(.open)
    #expect(contact.supervisor.isResting(at: contact.now, timing: contact.timing))
    contact.run(milliseconds: 249)
    contact.tryClosing(succeeds: false)
    contact.run(milliseconds: 1)
    #expect(contact.supervisor.latched.isEmpty)
    contact.tryClosing(succeeds: true)
  }

  @Test("It rests a second after opening")
  func rests() {
    var contact = Contact()
    contact.closeAndFollow()
    contact.open()
    contact.run(milliseconds: 20)
    contact.show(.open)
    contact.run(milliseconds: 979)
    #expect(contact.supervisor.isResting(at: contact.now, timing: contact.timing))
    contact.tryClosing(succeeds: false)
    contact.run(milliseconds: 1)
    contact.tryClosing(succeeds: true)
  }

  @Test("Openings are counted under load or without, from where an earlier run has left off, and never backwards")
  func operations() {
    var contact = Contact(at: nil)
    contact.supervisor = ContactorSupervisor(
      operations: ContactorOperations(withoutLoad: 41, underLoad: .max), at: .zero)
    contact.show(.open)
    for isUnderLoad in [false, true] {
      contact.closeAndFollow()
      contact.open(isUnderLoad: isUnderLoad)
      contact.open(isUnderLoad: isUnderLoad)
      contact.show(.open)
      contact.run(milliseconds: 1_000)
    }
    #expect(contact.supervisor.operations == ContactorOperations(withoutLoad: 42, underLoad: .max))
    #expect(contact.supervisor.latched.isEmpty)
  }

  @Test("A silent driver: nothing is certain, and nothing is closed")
  func silence() {
    var contact = Contact()
    contact.run(milliseconds: 1_000)
    contact.supervisor.setAlive(false, at: contact.now)
    contact.show(.open)
    #expect(contact.supervisor.feedback == nil)
    #expect(!contact.supervisor.isConfirmedOpen)
    contact.tryClosing(succeeds: false)
    contact.supervisor.setAlive(true, at: contact.now)
    contact.tryClosing(succeeds: false)
    contact.show(.open)
    contact.tryClosing(succeeds: true)
  }
}
