import ChargerBase
import OCPPTypes

/// Something that happened to a component, for NotifyEvent (member 28). Texts beyond the standard's length are cut.
public struct ComponentEvent: Sendable, Equatable {
  /// Component and variable, with their place.
  public var key: VariableKey
  /// The variable's value now; at most ReportingValueSize characters are sent.
  public var actualValue: String
  public var trigger: EventTrigger
  public var notification: EventNotification
  /// The id of the event that led to this one (N07.FR.05).
  public var cause: Int32?
  /// The code that a technician looks up; at most 50 characters.
  public var technicianCode: String?
  /// At most 500 characters.
  public var technicianInfo: String?
  /// The situation is over: a return to normal.
  public var isCleared: Bool
  public var transactionID: String?
  /// The monitor that was triggered, where it was one (N07.FR.06).
  public var monitorID: Int32?
  /// 0 (danger) … 9 (debug); OCPP 2.1 sends it.
  public var severity: Int32?

  public init(
    _ key: VariableKey, actualValue: String, trigger: EventTrigger = .alerting,
    notification: EventNotification = .hardWiredNotification, cause: Int32? = nil, technicianCode: String? = nil,
    technicianInfo: String? = nil, isCleared: Bool = false, transactionID: String? = nil, monitorID: Int32? = nil,
    severity: Int32? = nil
  ) {
    self.key = key
    self.actualValue = actualValue
    self.trigger = trigger
    self.notification = notification
    self.cause = cause
    self.technicianCode = technicianCode
    self.technicianInfo = technicianInfo
    self.isCleared = isCleared
    self.transactionID = transactionID
    self.monitorID = monitorID
    self.severity = severity
  }
}

/// An event with its number and time, in the form in which it is stored.
struct StoredEvent: Equatable {
  var id: Int32
  var time: EventTime
  var event: ComponentEvent

  func write(to record: inout RecordWriter) {
    record.write(Int64(id), field: 1)
    record.write(time, field: 2)
    record.write(event.key.component, field: 3)
    record.write(event.key.componentInstance, field: 4)
    record.write(event.key.evse.map { Int64($0) }, field: 5)
    record.write(event.key.connector.map { Int64($0) }, field: 6)
    record.write(event.key.variable, field: 7)
    record.write(event.key.variableInstance, field: 8)
    record.write(event.actualValue, field: 9)
    record.write(event.trigger.rawName, field: 10)
    record.write(event.notification.rawName, field: 11)
    record.write(event.cause.map { Int64($0) }, field: 12)
    record.write(event.technicianCode, field: 13)
    record.write(event.technicianInfo, field: 14)
    if event.isCleared { record.write(true, field: 15) }
    record.write(event.transactionID, field: 16)
    record.write(event.monitorID.map { Int64($0) }, field: 17)
    record.write(event.severity.map { Int64($0) }, field: 18)
  }

  init(id: Int32, time: EventTime, event: ComponentEvent) {
    self.id = id
    self.time = time
    self.event = event
  }

  init?(_ body: ArraySlice<UInt8>) {
    var reader = RecordReader(body)
    var id: Int32?
    var time: EventTime?
    var event = ComponentEvent(VariableKey("", ""), actualValue: "")
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: id = value.int32
      case 2: time = value.eventTime
      case 3: event.key.component = value.string ?? ""
      case 4: event.key.componentInstance = value.string
      case 5: event.key.evse = value.int32
      case 6: event.key.connector = value.int32
      case 7: event.key.variable = value.string ?? ""
      case 8: event.key.variableInstance = value.string
      case 9: event.actualValue = value.string ?? ""
      case 10: event.trigger = value.string.flatMap { EventTrigger(wireName: $0) } ?? .alerting
      case 11:
        event.notification = value.string.flatMap { EventNotification(wireName: $0) } ?? .hardWiredNotification
      case 12: event.cause = value.int32
      case 13: event.technicianCode = value.string
      case 14: event.technicianInfo = value.string
      case 15: event.isCleared = value.bool ?? false
      case 16: event.transactionID = value.string
      case 17: event.monitorID = value.int32
      case 18: event.severity = value.int32
      default: break
      }
    }
    guard let id, let time, !event.key.component.isEmpty, !event.key.variable.isEmpty else { return nil }
    self.init(id: id, time: time, event: event)
  }

  func eventData(at wall: WallTime) -> EventData {
    EventData(
      eventId: id, timestamp: wall, trigger: event.trigger, actualValue: event.actualValue,
      component: event.key.componentValue, eventNotificationType: event.notification,
      variable: event.key.variableValue, cause: event.cause, techCode: event.technicianCode,
      techInfo: event.technicianInfo, cleared: event.isCleared ? true : nil, transactionId: event.transactionID,
      variableMonitoringId: event.monitorID, severity: event.severity)
  }
}
