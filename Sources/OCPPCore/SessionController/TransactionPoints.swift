/// The steps of a charging session by which a transaction starts and stops (Part 2 §2.6.6), as the set of those that
/// are configured, and as the set of those that hold at the moment.
///
/// A listed start point starts the transaction when it comes to hold; a listed stop point ends it when it ceases to.
/// DataSigned is a moment, and only a start point (errata 2.24): the meter has signed the reading that the transaction
/// begins with. It is offered where a meter signs, and never comes at an EVSE whose meter does not.
package struct TransactionPoints: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  // Raw values are stored with open transactions: never reuse one.
  package static let parkingBayOccupancy = TransactionPoints(rawValue: 1)
  package static let evConnected = TransactionPoints(rawValue: 2)
  package static let authorized = TransactionPoints(rawValue: 4)
  /// Connected and authorized; despite its name not the state of the contactor.
  package static let powerPathClosed = TransactionPoints(rawValue: 8)
  package static let energyTransfer = TransactionPoints(rawValue: 16)
  package static let dataSigned = TransactionPoints(rawValue: 32)

  /// The names in TxStartPoint and TxStopPoint, in the order of their raw values.
  package static let names: [(point: TransactionPoints, name: String)] = [
    (.parkingBayOccupancy, "ParkingBayOccupancy"), (.evConnected, "EVConnected"), (.authorized, "Authorized"),
    (.powerPathClosed, "PowerPathClosed"), (.energyTransfer, "EnergyTransfer"), (.dataSigned, "DataSigned"),
  ]

  /// Reads a MemberList; names that are not offered are passed over, as the device model does not let them in.
  package init(memberList: String) {
    self.init()
    for member in memberList.split(separator: ",") {
      let trimmed = member.drop { $0 == " " }
      for (point, name) in Self.names where name == trimmed { insert(point) }
    }
  }

  /// As stop points: PowerPathClosed means the same as EVConnected and Authorized together (§2.6.6.2).
  package var asStopPoints: TransactionPoints {
    contains(.powerPathClosed) ? union([.evConnected, .authorized]) : self
  }
}
