import ChargerBase

/// Names one variable of the device model: component (with instance, EVSE and connector) and variable (with instance).
///
/// Names compare without regard to case, as OCPP asks (Part 2 §2.1, "case insensitive"); they are kept as first given.
public struct VariableKey: Sendable, CustomStringConvertible {
  public var component: String
  public var componentInstance: String?
  public var evse: Int32?
  public var connector: Int32?
  public var variable: String
  public var variableInstance: String?

  public init(
    _ component: String, _ variable: String, instance: String? = nil, componentInstance: String? = nil,
    evse: Int32? = nil, connector: Int32? = nil
  ) {
    self.component = component
    self.componentInstance = componentInstance
    self.evse = evse
    self.connector = connector
    self.variable = variable
    self.variableInstance = instance
  }

  public var description: String {
    var text = component
    if let componentInstance { text += "[\(componentInstance)]" }
    if let evse { text += "#\(evse)" }
    if let connector { text += ".\(connector)" }
    text += "."
    text += variable
    if let variableInstance { text += "[\(variableInstance)]" }
    return text
  }
}
