import ChargerBase

/// A first-start default of one attribute of the device model, in OCPP's own shape. ReadOnly ones may be given too;
/// what the CSMS has written later stays.
public struct DeviceModelEntry: Sendable, Equatable {
  /// At most 50 characters, as every name here; names compare without regard to case.
  public var component: String
  public var componentInstance: String?
  public var evse: Int32?
  public var connector: Int32?
  public var variable: String
  public var variableInstance: String?
  public var attribute: Attribute
  /// At most 2,500 characters; always a text, as OCPP sends it.
  public var value: String
  public var mutability: Mutability?
  /// For variables that the firmware does not know by itself.
  public var characteristics: Characteristics?

  /// OCPP's `AttributeEnumType`.
  public enum Attribute: String, Sendable, CaseIterable {
    case actual = "Actual"
    case target = "Target"
    case minSet = "MinSet"
    case maxSet = "MaxSet"
  }

  /// OCPP's `MutabilityEnumType`.
  public enum Mutability: String, Sendable, CaseIterable {
    case readOnly = "ReadOnly"
    case writeOnly = "WriteOnly"
    case readWrite = "ReadWrite"
  }

  /// OCPP's `DataEnumType`.
  public enum DataType: String, Sendable, CaseIterable {
    case string, decimal, integer, dateTime, boolean
    case optionList = "OptionList"
    case sequenceList = "SequenceList"
    case memberList = "MemberList"

    var isList: Bool { self == .optionList || self == .sequenceList || self == .memberList }
  }

  /// OCPP's `VariableCharacteristicsType`.
  public struct Characteristics: Sendable, Equatable {
    public var dataType: DataType
    public var unit: String?
    public var minLimit: Decimal?
    public var maxLimit: Decimal?
    /// Comma-separated, at most 1,000 characters.
    public var valuesList: String?
    public var supportsMonitoring: Bool
  }
}
