import OCPPTypes

/// A first-start default of one attribute of the device model, in OCPP's own shape. ReadOnly ones may be given too;
/// what the CSMS has written later stays.
public struct DeviceModelEntry: Sendable, Equatable {
  /// With instance, EVSE and connector. Names compare without regard to case.
  public var component: Component
  public var variable: Variable
  public var attribute: AttributeKind
  /// At most 2,500 characters; always a text, as OCPP sends it.
  public var value: String
  public var mutability: Mutability?
  /// For variables that the firmware does not know by itself.
  public var characteristics: VariableCharacteristics?

  public init(
    component: Component, variable: Variable, attribute: AttributeKind = .actual, value: String,
    mutability: Mutability? = nil, characteristics: VariableCharacteristics? = nil
  ) {
    self.component = component
    self.variable = variable
    self.attribute = attribute
    self.value = value
    self.mutability = mutability
    self.characteristics = characteristics
  }
}
