import EVSEControl
import Testing

@testable import Station

@Suite("What each fault is called")
struct FaultCatalogueTests {
  /// Components of OCPP 2.0.1 Part 2, appendix 3.1, as far as a charging station with sockets and cables has them.
  private static let standardComponents = [
    "AcPhaseSelector", "AreaVentilation", "CaseAccessSensor", "Connector", "ConnectorPlugRetentionLock",
    "CPPWMController", "ElectricalFeed", "EmergencyStopSensor", "FiscalMetering", "OverCurrentProtection",
    "PowerContactor", "RCD", "Switch", "TemperatureSensor", "TiltSensor",
  ]
  /// Variables of appendix 3.2.
  private static let standardVariables = ["Active", "Problem", "Protecting", "Tripped"]

  @Test(
    "Every fault has its own code and sentence, what helps, and a place in the standard's device model",
    arguments: ControlFault.allCases)
  func complete(_ fault: ControlFault) {
    let entry = FaultCatalogue.entry(for: fault)
    #expect(entry.fault == fault)
    #expect(entry.code == "\(fault)")
    #expect(entry.text.hasSuffix(".") && entry.remedy.hasSuffix(".") && !entry.ending.isEmpty)
    #expect(Self.standardComponents.contains(entry.component), "\(entry.component)")
    #expect(Self.standardVariables.contains(entry.variable), "\(entry.variable)")
    for other in ControlFault.allCases where other != fault {
      #expect(FaultCatalogue.entry(for: other).text != entry.text)
    }
  }

  @Test(
    "ChargeX's minimum required error codes",
    arguments: [
      (ControlFault.lockFailure, "CX001"), (.residualCurrent, "CX002"), (.overTemperature, "CX003"),
      (.overCurrent, "CX004"), (.overVoltage, "CX005"), (.underVoltage, "CX006"), (.emergencyStop, "CX008"),
      (.pilotShort, "CX014"), (.mainsLost, "CX015"), (.contactorWelded, "CX017"), (.proximityInvalid, "CX023"),
    ])
  func technicianCodes(_ fault: ControlFault, _ code: String) {
    #expect(FaultCatalogue.entry(for: fault).technicianCode == code)
  }

  @Test("How a fault ends is told as the control lane ends it", arguments: ControlFault.allCases)
  func endings(_ fault: ControlFault) {
    let ending = FaultCatalogue.entry(for: fault).ending
    #expect(ending.contains("Service") == fault.isLatched)
    #expect(ending.contains("unplugging") == (fault.clearing == .afterUnplugging))
  }

  @Test("Where there are several, the one that endangers people is told first")
  func worstFirst() {
    let all = FaultSet(rawValue: .max)
    let entries = FaultCatalogue.entries(of: all)
    #expect(entries.count == ControlFault.allCases.count)
    #expect(entries.prefix(2).map(\.fault) == [.contactorWelded, .residualCurrent])
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.severity <= $1.severity })
  }

  @Test("OCPP A04 An open door and a tilted post count as tampering, and nothing else does")
  func tampering() {
    #expect(ControlFault.allCases.filter { FaultCatalogue.entry(for: $0).isTampering } == [.doorOpen, .tilted])
  }
}
