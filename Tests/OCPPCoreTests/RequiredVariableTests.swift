import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulationSupport
import Testing

@Suite("What the standard requires of the device model")
struct RequiredVariableTests {
  /// Required to be writable, and ReadOnly for as long as nothing in the station would obey a written value.
  private static let readOnlyForNow = [
    "SecurityCtrlr.OrganizationName"  // Nothing asks for a certificate yet (A02).
  ]
  /// The controller whose Available tells whether a station has the features of a profile.
  private static let controllers = [
    "AdvUI": ["DisplayMessageCtrlr", "TariffCostCtrlr"], "LocalAuthList": ["LocalAuthListCtrlr"],
    "SmartCharging": ["SmartChargingCtrlr"], "AdvDeviceMgmt": ["MonitoringCtrlr"], "ISO15118": ["ISO15118Ctrlr"],
  ]

  private func inventory(_ harness: EngineHarness) -> [JSONValue] {
    harness.csms.call(.getBaseReport, ["requestId": 1, "reportBase": "FullInventory"])
    harness.run(for: .seconds(20))
    return harness.csms.calls(.notifyReport).flatMap { $0.json["reportData"]?.array ?? [] }
  }

  private func isAt(_ tier: RequiredVariable.Tier, _ entry: JSONValue) -> Bool {
    let evse = entry["component"]?["evse"]
    return switch tier {
    case .station: evse == nil
    case .evse: evse?["id"] != nil && evse?["connectorId"] == nil
    case .connector: evse?["id"] != nil && evse?["connectorId"] != nil
    }
  }

  @Test("The table of required variables has all 70 pairs, 53 of them for every station")
  func tableIsComplete() {
    #expect(RequiredVariable.all.count == 70)
    #expect(RequiredVariable.all.filter { $0.profile == "Core" }.count == 53)
  }

  @Test("TC_B_53_CS, B07.FR.08: every variable that is required is there, at its place, with its type, unit and value")
  func hasRequiredVariables() {
    var configuration = EngineHarness.standardConfiguration(evses: 3)
    configuration.evses[1].connectors = [.init(number: 1), .init(number: 2, type: "cType2", hasFixedCable: true)]
    let harness = EngineHarness(configuration: configuration).start()
    let data = inventory(harness)
    for required in RequiredVariable.all {
      let found = data.filter {
        $0["component"]?["name"]?.string == required.component && $0["variable"]?["name"]?.string == required.variable
          && $0["variable"]?["instance"]?.string == required.instance
      }
      guard required.profile == "Core" || isAvailable(required.profile, harness) else {
        #expect(found.isEmpty, "\(required): its controller is not available")
        continue
      }
      let places = [RequiredVariable.Tier.station: 1, .evse: 3, .connector: 4]
      #expect(found.count == places[required.tier], "\(required)")
      for entry in found {
        #expect(isAt(required.tier, entry), "\(required)")
        let character = entry["variableCharacteristics"]
        let attribute = entry["variableAttribute"]?[0]
        #expect(character?["dataType"]?.string?.lowercased() == required.type.lowercased(), "\(required)")
        #expect(character?["unit"]?.string == required.unit, "\(required)")
        #expect(attribute?["type"] == nil || attribute?["type"] == "Actual")
        if required.mutability != "any", !Self.readOnlyForNow.contains(required.description) {
          #expect(attribute?["mutability"]?.string == required.mutability, "\(required)")
        }
      }
    }
  }

  private func isAvailable(_ profile: String, _ harness: EngineHarness) -> Bool {
    (Self.controllers[profile] ?? []).contains { controller in
      [nil, "Cost", "Tariff"].contains { instance in
        harness.chargePoint.requestValue(VariableKey(controller, "Available", instance: instance)) == "true"
      }
    }
  }

  @Test("TC_B_53_CS, B07.FR.03: every variable has a value, lists theirs among those allowed, and a secret none")
  func valuesAreWellFormed() {
    let entries = [
      ChargePointConfiguration.DeviceModelEntry(
        key: VariableKey("CoolingSystem", "Temperature", evse: 1), value: "21.5"),
      .init(key: VariableKey("TokenReader", "Problem"), value: "false"),
    ]
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: entries)).start()
    let data = inventory(harness)
    #expect(data.count > 100)
    for entry in data {
      let name: Comment = "\(entry["component"] ?? .null) \(entry["variable"] ?? .null)"
      let character = entry["variableCharacteristics"]
      #expect(character != nil, name)
      for attribute in entry["variableAttribute"]?.array ?? [] {
        let value = attribute["value"]?.string
        if attribute["mutability"] == "WriteOnly" {
          #expect(value == nil, name)
        } else if entry["variable"]?["name"] == "Power" {
          #expect(character?["maxLimit"] != nil, name)
        } else {
          #expect(value != nil, name)
        }
        // Every value that can be written stays over a restart.
        #expect(attribute["persistent"]?.bool == (attribute["mutability"] != "ReadOnly"), name)
        guard ["OptionList", "MemberList", "SequenceList"].contains(character?["dataType"]?.string) else { continue }
        let allowed = (character?["valuesList"]?.string ?? "").split(separator: ",")
        #expect(!allowed.isEmpty, name)
        for member in (value ?? "").split(separator: ",") { #expect(allowed.contains(member), name) }
        #expect(character?["dataType"] != "OptionList" || allowed.contains { $0 == value ?? "" }, name)
      }
    }
    #expect(harness.violations.isEmpty, "\(harness.violations)")
  }

  @Test("Every controller says whether it is available and enabled; none is enabled that is not available")
  func controllersAreHonest() {
    let harness = EngineHarness().start()
    let data = inventory(harness)
    let controllers = Set(
      data.compactMap { $0["component"]?["name"]?.string }.filter { $0.hasSuffix("Ctrlr") })
    func value(_ controller: String, _ variable: String) -> [String] {
      data.filter { $0["component"]?["name"]?.string == controller && $0["variable"]?["name"]?.string == variable }
        .compactMap { $0["variableAttribute"]?[0]?["value"]?.string }
    }
    for controller in controllers.sorted() {
      let available = value(controller, "Available")
      let enabled = value(controller, "Enabled")
      #expect(!available.isEmpty && available.count == enabled.count, "\(controller)")
      for (isAvailable, isEnabled) in zip(available, enabled) {
        #expect(isAvailable == "true" || isEnabled == "false", "\(controller)")
      }
    }
  }

  @Test("The standard's units of a board's own component are known, and values that do not fit are named in the log")
  func knowsStandardVariables() {
    let entries = [
      ChargePointConfiguration.DeviceModelEntry(key: VariableKey("Enclosure", "Temperature"), value: "21.5"),
      .init(key: VariableKey("Enclosure", "Humidity"), value: "wet"),
      .init(
        key: VariableKey("Enclosure", "Tilt"), value: "3",
        characteristics: VariableCharacteristics(
          dataType: .integer, supportsMonitoring: false, unit: "Deg", minLimit: 0, maxLimit: 90)),
    ]
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: entries)).start()
    let data = inventory(harness).filter { $0["component"]?["name"] == "Enclosure" }
    #expect(data.count == 2)
    #expect(data.first?["variableCharacteristics"]?["unit"] == "Celsius")
    #expect(data.first?["variableCharacteristics"]?["dataType"] == "decimal")
    #expect(data.last?["variableCharacteristics"]?["maxLimit"] == 90)
    #expect(harness.delegate.noted(.configuration, "Enclosure.Humidity"))
  }
}
