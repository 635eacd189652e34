import ChargerBase
import OCPPPorts
import OCPPTypes
import SimulatedWorld
import SimulationSupport

/// What really happened on a day, as it was seen from outside the station: by the world, by the wire, by the CSMS.
package struct Chronicle {
  /// Something that the story did, and when.
  package struct Act {
    package var at: MonotonicInstant
    package var until: MonotonicInstant
    package var action: StoryAction
    /// Nothing came of it: there was no car to unplug.
    package var wasPossible = true
    /// The CALL of the CSMS.
    package var callID: String?
    /// The transaction that the CSMS named.
    package var transaction: String?
  }

  /// A frame that a living program received.
  package struct Heard {
    package var at: MonotonicInstant
    package var bytes: [UInt8]
  }

  package struct LinkChange {
    package var at: MonotonicInstant
    package var isOpen: Bool
  }

  /// The meter of an EVSE at one moment, in mWh.
  package struct Reading: Equatable {
    package var at: MonotonicInstant
    /// As it shows.
    package var register: Int64
    /// What has flowed since the world began.
    package var delivered: Int64
  }

  package struct Switching {
    package var at: MonotonicInstant
    package var evse: Int32
    package var isClosed: Bool
  }

  /// A car makes contact with an EVSE, or loses it.
  package struct Connection {
    package var at: MonotonicInstant
    package var evse: Int32
    package var isConnected: Bool
  }

  /// A program, from its start to its end.
  package struct Life {
    package var start: MonotonicInstant
    package var end: MonotonicInstant?
    package var how: WholeStation.End?
  }

  package var acts: [Act] = []
  package var heard: [Heard] = []
  package var links: [LinkChange] = []
  package var readings: [Int32: [Reading]] = [:]  // allowed: looked up, never iterated
  package var switchings: [Switching] = []
  package var connections: [Connection] = []
  /// The number that a remote start of the CSMS has, by its CALL.
  package var remoteStartNumbers: [String: Int32] = [:]  // allowed: looked up, never iterated
  package var lives: [Life] = []
  package var calls: [SimulatedCSMS.ReceivedCall] = []
  package var answers: [String: SimulatedCSMS.Answer] = [:]
  package var openedAt: [MonotonicInstant] = []
  package var evses: [Int32] = []
  package var epoch = WallTime(millisecondsSinceEpoch: 0)
  /// When everybody began to leave.
  package var closingTime = MonotonicInstant.zero
  package var end = MonotonicInstant.zero
  /// Found by the simulation's own witnesses.
  package var violations: [String] = []
  package var problems: [String] = []
  package var waitingRecords = 0
  package var deadLetters = 0
  package var openTransactions: [String] = []

  /// The reading at an instant: energy is interpolated, registers of an exchanged meter are not.
  package func reading(_ evse: Int32, at instant: MonotonicInstant) -> Reading {
    let all = readings[evse] ?? []
    guard let first = all.first else { return Reading(at: instant, register: 0, delivered: 0) }
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle].at <= instant { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return first }
    let before = all[low - 1]
    guard low < all.count else { return before }
    let after = all[low]
    let whole = before.at.duration(to: after.at).wholeNanoseconds
    let part = before.at.duration(to: instant).wholeNanoseconds
    guard whole > 0 else { return after }
    let flowed = (after.delivered - before.delivered) * (part / 1_000_000) / max(1, whole / 1_000_000)
    return Reading(at: instant, register: before.register + flowed, delivered: before.delivered + flowed)
  }

  package func isAlive(at instant: MonotonicInstant) -> Bool {
    lives.contains { $0.start <= instant && instant < $0.end ?? .distantFuture }
  }
}

extension MonotonicInstant {
  static func - (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
    instant + (.zero - duration)
  }
}
