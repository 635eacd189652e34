import OCPPTypes

/// Which controllers the station has, and whether they can be switched: `Available` and `Enabled` of those that no block
/// rules with a `StationVariable` of its own. All of it is ReadOnly. A block that comes to serve a controller takes its
/// rows out here and defines them as station variables.
enum ControllerPresence {
  /// There, and never switched off.
  private static let present: [(component: String, variables: [String])] = [
    ("AuthCtrlr", ["Available"]), ("ClockCtrlr", ["Available", "Enabled"]),
    ("DeviceDataCtrlr", ["Available", "Enabled"]), ("OCPPCommCtrlr", ["Available", "Enabled"]),
    ("SecurityCtrlr", ["Available", "Enabled"]), ("TxCtrlr", ["Available", "Enabled"]),
  ]

  /// Not there: what belongs to them is answered with NotSupported.
  private static let absent: [(component: String, instances: [String?])] = [
    ("DisplayMessageCtrlr", [nil]), ("MonitoringCtrlr", [nil]),
    ("ReservationCtrlr", [nil]), ("SmartChargingCtrlr", [nil]), ("TariffCostCtrlr", ["Cost", "Tariff"]),
  ]

  static let definitions: [VariableDefinition] = {
    let boolean = VariableCharacter(.boolean)
    var definitions: [VariableDefinition] = []
    for (component, variables) in present {
      definitions += variables.map { .init(component, $0, boolean, .readOnly, "true") }
    }
    for (component, instances) in absent {
      for instance in instances {
        definitions += ["Available", "Enabled"].map {
          .init(component, $0, instance: instance, boolean, .readOnly, "false")
        }
      }
    }
    return definitions
  }()
}
