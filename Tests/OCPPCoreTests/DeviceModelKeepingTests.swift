import ChargerBase
import OCPPJSON
import OCPPPorts
import OCPPTypes
import SimulationSupport
import Testing

@testable import OCPPCore

@Suite("What the CSMS wrote stays")
struct DeviceModelKeepingTests {
  private let threshold = VariableKey("OCPPCommCtrlr", "OfflineThreshold")

  /// A value that the variable allows and does not have.
  private func other(_ variable: StationVariable) -> String? {
    let definition = variable.definition
    let character = definition.character
    switch character.kind {
    case .integer: return character.maximum.map { "\($0)" }
    case .boolean: return definition.initial == "true" ? "false" : "true"
    case .memberList, .sequenceList, .optionList: return character.members.last { $0 != definition.initial }
    case .string: return String(repeating: "x", count: 20)
    default: return nil
    }
  }

  @Test(
    "Each variable that can be written has its written value after a restart",
    arguments: [EngineHarness.End.powerCut, .clean])
  func keepsEveryValue(end: EngineHarness.End) {
    let harness = EngineHarness()
    // The CSMS leaves the heartbeat interval to the station.
    harness.csms.bootAnswers = [(.accepted, 0)]
    harness.start()
    let variables = StationVariable.allCases.filter {
      $0.definition.mutability != .readOnly && $0 != .basicAuthPassword
    }
    var written: [(VariableKey, String)] = []
    for variable in variables {
      guard let value = other(variable), harness.status(ofSetting: item(variable.key, value)) == "Accepted" else {
        // A station with one profile has one priority.
        #expect(variable == .networkConfigurationPriority, "\(variable.key)")
        continue
      }
      written.append((variable.key, value))
    }
    harness.restart(end)
    for (key, value) in written { #expect(harness.chargePoint.requestValue(key) == value, "\(key)") }
    #expect(written.count > 30)
  }

  @Test(
    "It wins over what a new profile says, whichever way the program ended",
    arguments: [EngineHarness.End.kill, .powerCut, .clean])
  func survivesProfileUpdate(end: EngineHarness.End) {
    let harness = EngineHarness().start()
    #expect(harness.status(ofSetting: item(threshold, "100")) == "Accepted")
    harness.configuration.deviceModel = [EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", "7")]
    harness.restart(end)
    #expect(harness.value(of: item(threshold)) == "100")
  }

  @Test("A value that a new profile does not allow any more is told by name, and the profile's value holds")
  func tellsWhatDoesNotFit() {
    var configuration = EngineHarness.standardConfiguration()
    configuration.networkProfiles = [
      .init(slot: 1, url: "ws://first", identity: "CS"), .init(slot: 2, url: "ws://second", identity: "CS"),
    ]
    let harness = EngineHarness(configuration: configuration).start()
    let priority = VariableKey("OCPPCommCtrlr", "NetworkConfigurationPriority")
    #expect(harness.status(ofSetting: item(priority, "2,1")) == "RebootRequired")
    harness.configuration.networkProfiles.removeLast()
    harness.restart(.clean)
    #expect(harness.value(of: item(priority)) == "1")
    #expect(harness.delegate.noted(.configuration, "NetworkConfigurationPriority"))
    // The slot comes back, and with it the value.
    harness.configuration.networkProfiles = configuration.networkProfiles
    harness.restart(.clean)
    #expect(harness.value(of: item(priority)) == "2,1")
  }

  @Test("A profile that makes a variable ReadOnly wins, and tells that a stored value is not used")
  func profileForbids() {
    let harness = EngineHarness().start()
    #expect(harness.status(ofSetting: item(threshold, "100")) == "Accepted")
    harness.configuration.deviceModel = [.init(key: threshold, value: "7", mutability: .readOnly)]
    harness.restart(.clean)
    #expect(harness.value(of: item(threshold)) == "7")
    #expect(harness.status(ofSetting: item(threshold, "8")) == "Rejected")
    #expect(harness.delegate.noted(.configuration, "OfflineThreshold"))
  }

  @Test("The board's own entries are shown and cannot be set; nonsense among them is named in the log")
  func takesBoardEntries() {
    let entries: [ChargePointConfiguration.DeviceModelEntry] = [
      .init(key: VariableKey("CPPWMController", "State", evse: 1), value: "A", mutability: .readOnly),
      EngineHarness.setting("OCPPCommCtrlr", "OfflineThreshold", "many"),
      .init(key: VariableKey("VendorCtrlr", "Magic"), value: "1", mutability: .readWrite),
      .init(key: VariableKey("OCPPCommCtrlr", "ResetRetries"), value: "9", mutability: .readOnly),
      .init(key: VariableKey("VendorCtrlr", "Speed"), attribute: .maxSet, value: "5"),
    ]
    let harness = EngineHarness(configuration: EngineHarness.standardConfiguration(deviceModel: entries)).start()
    let results = harness.get([
      item("CPPWMController", "State", evse: 1), item(threshold), item("VendorCtrlr", "Magic"),
      item("OCPPCommCtrlr", "ResetRetries"), item("VendorCtrlr", "Speed", attribute: "MaxSet"),
    ])
    #expect(results.map { $0["attributeValue"]?.string } == ["A", "60", "1", "9", "5"])
    #expect(harness.status(ofSetting: item("VendorCtrlr", "Magic", "2")) == "Rejected")
    #expect(harness.status(ofSetting: item("OCPPCommCtrlr", "ResetRetries", "1")) == "Rejected")
    #expect(harness.delegate.noted(.configuration, "VendorCtrlr.Magic"))
    #expect(harness.delegate.noted(.configuration, "OfflineThreshold"))
  }

  @Test(
    "A station with fixed cables only has no driver's cable to let go: UnlockOnEVSideDisconnect is ReadOnly and false")
  func fixedCables() {
    var configuration = EngineHarness.standardConfiguration()
    for index in configuration.evses.indices {
      configuration.evses[index].connectors = [.init(type: "cType2", hasFixedCable: true)]
    }
    let harness = EngineHarness(configuration: configuration).start()
    let key = VariableKey("OCPPCommCtrlr", "UnlockOnEVSideDisconnect")
    #expect(harness.value(of: item(key)) == "false")
    #expect(harness.status(ofSetting: item(key, "true")) == "Rejected")
  }

  @Test("The key of a stored value is the variable's name in small letters, the same in every version of the program")
  func documentKeys() {
    let key = VariableKey(
      "FiscalMetering", "EnergyImport", instance: "L1", componentInstance: "Main", evse: 2, connector: 1)
    #expect(key.documentKey("Actual") == "fiscalmetering[main]#2.1.energyimport[l1]@actual")
    #expect(threshold.documentKey("Target") == "ocppcommctrlr.offlinethreshold@target")
  }

  @Test("A registered variable takes what board and CSMS have set for it, and says what does not fit")
  func registers() {
    let key = VariableKey("CoolingSystem", "FanSpeed", evse: 1)
    let other = VariableKey("CoolingSystem", "Mode")
    let gone = VariableKey("Heater", "Enabled")
    var configuration = EngineHarness.standardConfiguration(deviceModel: [
      .init(key: other, value: "Quiet"), .init(key: key, value: "lots"),
    ])
    configuration.deviceModel.append(.init(key: VariableKey("CoolingSystem", "Active"), value: "true"))
    func stored(_ key: VariableKey, _ value: String) -> StoreSnapshot.Document {
      guard
        case .putDocument(let kind, let name, let body) = StoredVariable(key: key, kind: .actual, value: value).mutation
      else { return StoreSnapshot.Document(kind: .variable, key: "", body: []) }
      return StoreSnapshot.Document(kind: kind, key: name, body: body)
    }
    let model = DeviceModel(
      configuration, documents: [stored(key, "800"), stored(gone, "true"), stored(other, "Loud")])
    let speed = model.register(
      VariableDefinition(key, .init(.integer, unit: "RPM", minimum: 0, maximum: 1_000), .readWrite, "500"))
    let mode = model.register(
      VariableDefinition(other, .init(.optionList, members: ["Quiet", "Loud"]), .readWrite, "Quiet"))
    let active = model.register(VariableKey("coolingsystem", "ACTIVE"), initial: "false")
    #expect(speed != nil && mode != nil && active != nil)
    #expect(model.text(key) == "800")
    #expect(model.text(other) == "Loud")
    #expect(model.text(VariableKey("CoolingSystem", "Active")) == "true")
    let refusals = model.refusalsAtStart()
    #expect(refusals.contains { $0.hasPrefix("CoolingSystem#1.FanSpeed") })
    #expect(refusals.contains { $0.hasPrefix("Heater.Enabled") })
    #expect(!refusals.contains { $0.hasPrefix("CoolingSystem.Mode") })
    // A name is given once.
    #expect(model.register(VariableDefinition(key, .init(.integer), .readOnly, "1")) == nil)
    if let active { model.set(active, "false") }
    #expect(model.text(VariableKey("CoolingSystem", "Active")) == "false")
    #expect(!model.set(gone, "true"))
  }
}
