import ChargerBase
import OCPPTypes

/// What must survive the death of the program at one EVSE beside its transaction: drivers who were accepted and have
/// none yet, and a cable that is kept for its owner. Without it a driver would be turned away with his card accepted, or
/// find his cable free for everybody.
///
/// Stored form (`DocumentKind.session`, key = `evse.` and the EVSE's number); numbers are never reused:
///
/// | field | content |
/// | --- | --- |
/// | 1 | the driver: `SessionAuthorization` |
/// | 2 | the driver after him, while the former transaction awaits its last reading |
/// | 3 | until when they count, `EventTime` |
/// | 4 | kept cable: 1 connector, 2 owner, 3 refused |
/// | 5 | connector whose session has ended with the vehicle still there |
package struct SessionMemory: Sendable, Equatable {
  package var driver: SessionAuthorization?
  package var nextDriver: SessionAuthorization?
  package var expiry: EventTime?
  package var heldCable: HeldCable?
  package var finishedConnector: Int32?

  package init() {}

  package var isEmpty: Bool { self == SessionMemory() }

  package var stored: [UInt8] {
    var record = RecordWriter()
    driver?.write(to: &record, field: 1)
    nextDriver?.write(to: &record, field: 2)
    record.write(expiry, field: 3)
    if let heldCable {
      record.write(field: 4) { nested in
        nested.write(Int64(heldCable.connector.number), field: 1)
        heldCable.owner.write(to: &nested, field: 2)
        nested.write(heldCable.wasRefused, field: 3)
      }
    }
    record.write(finishedConnector.map { Int64($0) }, field: 5)
    return record.bytes
  }

  /// Nil when the bytes hold none.
  package init?(stored: [UInt8], evse: EVSEID) {
    var reader = RecordReader(stored)
    do throws(RecordError) {
      while let (field, value) = try reader.next() {
        switch field {
        case 1: driver = value.data.flatMap { SessionAuthorization(stored: $0) }
        case 2: nextDriver = value.data.flatMap { SessionAuthorization(stored: $0) }
        case 3: expiry = value.eventTime
        case 4: heldCable = value.data.flatMap { HeldCable(stored: $0, evse: evse) }
        case 5: finishedConnector = value.int32
        default: break
        }
      }
    } catch {
      return nil
    }
  }
}

extension HeldCable {
  fileprivate init?(stored: ArraySlice<UInt8>, evse: EVSEID) {
    var reader = RecordReader(stored)
    var number: Int32?
    var owner: SessionAuthorization?
    var wasRefused = false
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: number = value.int32
      case 2: owner = value.data.flatMap { SessionAuthorization(stored: $0) }
      case 3: wasRefused = value.bool ?? false
      default: break
      }
    }
    guard let number, let owner else { return nil }
    self.init(connector: ConnectorID(evse: evse, number: number), owner: owner, wasRefused: wasRefused)
  }
}

/// A driver without an EVSE yet, or a remote start whose token is still being asked about, in stored form
/// (`DocumentKind.session`, key `drivers`, field 1 for each):
///
/// | field | content |
/// | --- | --- |
/// | 1 | the driver: `SessionAuthorization` |
/// | 2 | an EVSE that he may use, repeated |
/// | 3 | until when he counts, `EventTime` |
/// | 4 | accepted: false for a remote start that is being asked about |
struct StoredDriver: Equatable {
  var authorization: SessionAuthorization
  var evses: [EVSEID]
  var expiry: EventTime
  var isAccepted: Bool

  static func document(_ drivers: [StoredDriver]) -> [UInt8] {
    var record = RecordWriter()
    for driver in drivers {
      record.write(field: 1) { nested in
        driver.authorization.write(to: &nested, field: 1)
        for evse in driver.evses { nested.write(Int64(evse.number), field: 2) }
        nested.write(driver.expiry, field: 3)
        nested.write(driver.isAccepted, field: 4)
      }
    }
    return record.bytes
  }

  /// At most `limit`; those that cannot be read are passed over.
  static func read(_ document: [UInt8], limit: Int) -> [StoredDriver] {
    var reader = RecordReader(document)
    var drivers: [StoredDriver] = []
    while drivers.count < limit, let (field, value) = try? reader.next() {
      if field == 1, let driver = value.data.flatMap({ StoredDriver(stored: $0) }) { drivers.append(driver) }
    }
    return drivers
  }

  init(authorization: SessionAuthorization, evses: [EVSEID], expiry: EventTime, isAccepted: Bool) {
    self.authorization = authorization
    self.evses = evses
    self.expiry = expiry
    self.isAccepted = isAccepted
  }

  private init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var authorization: SessionAuthorization?
    var evses: [EVSEID] = []
    var expiry: EventTime?
    var isAccepted = false
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: authorization = value.data.flatMap { SessionAuthorization(stored: $0) }
      case 2: if let number = value.int32, evses.count < TokenVerdict.maximumEVSEs { evses.append(EVSEID(number)) }
      case 3: expiry = value.eventTime
      case 4: isAccepted = value.bool ?? false
      default: break
      }
    }
    guard let authorization, let expiry else { return nil }
    self.init(authorization: authorization, evses: evses, expiry: expiry, isAccepted: isAccepted)
  }
}

// Stored form of a driver: 1 token, 2 group, 3 remote start id, 4 reason of the grant.
extension SessionAuthorization {
  func write(to record: inout RecordWriter, field: UInt32) {
    record.write(field: field) { nested in
      token.write(to: &nested, field: 1)
      groupToken?.write(to: &nested, field: 2)
      nested.write(remoteStartID.map { Int64($0) }, field: 3)
      nested.write(Int64(reason.rawValue), field: 4)
    }
  }

  init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var token: IdToken?
    var group: IdToken?
    var remoteStartID: Int32?
    var reason: EnergyGrant.Reason?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: token = value.data.flatMap { IdToken(stored: $0) }
      case 2: group = value.data.flatMap { IdToken(stored: $0) }
      case 3: remoteStartID = value.int32
      case 4: reason = value.integer.flatMap { UInt8(exactly: $0) }.flatMap { EnergyGrant.Reason(rawValue: $0) }
      default: break
      }
    }
    guard let token else { return nil }
    self.init(token: token, groupToken: group, remoteStartID: remoteStartID, reason: reason ?? .authorized)
  }
}
