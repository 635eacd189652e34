import ArgumentParser
import ChargerBase
import OCPPJSON
import Testing

@testable import chargerctl

@Suite("How chargerctl is spoken to")
struct ChargerCtlArgumentTests {
  @Test(
    "Variables are named as people write them",
    arguments: [
      ("TxCtrlr", VariableName(component: "TxCtrlr")),
      ("TxCtrlr.EVConnectionTimeOut", VariableName(component: "TxCtrlr", variable: "EVConnectionTimeOut")),
      ("EVSE#2.Power", VariableName(component: "EVSE", evse: 2, variable: "Power")),
      ("Connector#1.2.Available", VariableName(component: "Connector", evse: 1, connector: 2, variable: "Available")),
      (
        "DeviceDataCtrlr.ItemsPerMessage[GetReport]",
        VariableName(component: "DeviceDataCtrlr", variable: "ItemsPerMessage", variableInstance: "GetReport")
      ),
      (
        "NetworkConfiguration[1].OcppCsmsUrl",
        VariableName(component: "NetworkConfiguration", componentInstance: "1", variable: "OcppCsmsUrl")
      ),
    ])
  func names(_ text: String, _ name: VariableName) { #expect(VariableName(text) == name) }

  @Test(
    "What is no variable's name is refused",
    arguments: [
      "", ".", "A.", ".B", "A..B", "A[", "A[].B", "A#.B", "A#x.B", "A.B[", "A.B[]", "A.B.C", "A#99999999999999999999.B",
    ])
  func badNames(_ text: String) { #expect(VariableName(text) == nil) }

  @Test("A car is described only as far as it was; the rest is the world's default")
  func plugIn() throws {
    let command = try BenchPlugIn.parse(["2", "-c", "1", "--current", "16.5", "--leave-after", "30"])
    #expect(
      JSONValue.object(command.params) == [
        "evse": 2, "connector": 1, "car": ["currentA": Self.number("16.5"), "leaveAfterS": 30],
      ])
    #expect(JSONValue.object(try BenchPlugIn.parse(["1"]).params) == ["evse": 1, "connector": 1])
  }

  @Test("Odd cars, cables, force, brown-outs and the air become the world's parameters")
  func oddThings() throws {
    let odd = try BenchPlugIn.parse([
      "1", "--no-diode", "--draws", "130", "--ignores-lower-offer", "10", "--cable", "20",
    ])
    #expect(
      JSONValue.object(odd.params) == [
        "evse": 1, "connector": 1, "car": ["drawsPercent": 130, "ignoresLowerOfferS": 10, "diode": false],
        "cable": ["ratingA": 20],
      ])
    #expect(
      JSONValue.object(try BenchPlugIn.parse(["1", "--proximity", "open"]).params)
        == ["evse": 1, "connector": 1, "cable": ["proximityOhm": nil]])
    #expect(
      JSONValue.object(try BenchPlugIn.parse(["1", "--proximity", "350"]).params)
        == ["evse": 1, "connector": 1, "cable": ["proximityOhm": 350]])
    #expect(
      JSONValue.object(try BenchPlugOut.parse(["2", "--force"]).params) == ["evse": 2, "connector": 1, "force": true])
    #expect(
      JSONValue.object(try BenchMains.parse(["up", "--voltage", "180", "--phase", "2"]).params)
        == ["up": true, "voltageV": 180, "phase": 2])
    #expect(JSONValue.object(try BenchMains.parse(["down"]).params) == ["up": false])
    #expect(
      JSONValue.object(try BenchAmbient.parse(["--celsius", "-5.5", "--evse", "1"]).params)
        == ["celsius": Self.number("-5.5"), "evse": 1])
    #expect(throws: (any Error).self) { try BenchPlugIn.parse(["1", "--cable", "20", "--proximity", "100"]) }
    #expect(throws: (any Error).self) { try BenchPlugIn.parse(["1", "--proximity", "broken"]) }
    #expect(throws: (any Error).self) { try BenchMains.parse(["up", "--phase", "2"]) }
  }

  private static func number(_ text: String) -> JSONValue { Decimal(text).map { JSONValue($0) } ?? .null }

  @Test("Cards, faults, limits and pilot states become the world's parameters")
  func params() throws {
    #expect(
      JSONValue.object(try BenchTap.parse(["04A1", "--evse", "1", "--evse", "2"]).params)
        == ["idToken": "04A1", "type": "ISO14443", "evses": [1, 2]])
    #expect(
      JSONValue.object(try BenchTap.parse(["04A1", "--reader", "front", "--type", "eMAID"]).params)
        == ["idToken": "04A1", "type": "eMAID", "reader": "front"])
    #expect(
      JSONValue.object(try BenchFault.parse(["powerLoss", "off"]).params)
        == ["evse": nil, "connector": nil, "fault": "powerLoss", "active": false])
    #expect(
      JSONValue.object(try BenchLimit.parse(["--lift", "--evse", "1"]).params)
        == ["evse": 1, "amps": nil, "source": "gridOperator"])
    #expect(
      JSONValue.object(try BenchCarState.parse(["1", "df"]).params) == ["evse": 1, "connector": 1, "state": "DF"])
    #expect(
      JSONValue.object(try BenchCarState.parse(["1", "auto"]).params) == ["evse": 1, "connector": 1, "state": nil])
    #expect(
      JSONValue.object(try BenchSetMeter.parse(["1", "Voltage.L1=231.5", "Current.Import="]).settings())
        == ["Voltage.L1": Self.number("231.5"), "Current.Import": nil])
  }

  @Test("A limit has an owner, a value in amperes or watts, phases and an end; lifting names the owner alone")
  func limits() throws {
    #expect(
      JSONValue.object(
        try LimitCommand.parse(["--evse", "1", "--owner", "ems", "--watts", "4200", "--phases", "1", "--seconds", "60"])
          .params) == ["evse": 1, "owner": "ems", "watts": 4200, "phases": 1, "seconds": 60])
    #expect(
      JSONValue.object(try LimitCommand.parse(["--amps", "9.5"]).params)
        == ["owner": "installer", "amps": Self.number("9.5")])
    #expect(JSONValue.object(try LimitCommand.parse(["--lift"]).params) == ["owner": "installer"])
    for wrong in [
      [], ["--amps", "1", "--watts", "2"], ["--lift", "--seconds", "5"], ["--owner", "sixteen characters", "--lift"],
    ] {
      #expect(throws: (any Error).self) { try LimitCommand.parse(wrong) }
    }
  }

  @Test("Wrong use is told before anything is sent")
  func wrongUse() {
    #expect(throws: (any Error).self) { try BenchCarState.parse(["1", "G"]) }
    #expect(throws: (any Error).self) { try BenchSetMeter.parse(["1", "Voltage"]) }
    #expect(throws: (any Error).self) { try BenchSetMeter.parse(["1", "Voltage=high"]) }
    #expect(throws: (any Error).self) { try BenchSetMeter.parse(["1"]) }
    #expect(throws: (any Error).self) { try BenchLimit.parse(["--amps", "10", "--watts", "2000"]) }
    #expect(throws: (any Error).self) { try BenchLimit.parse([]) }
    #expect(throws: (any Error).self) { try BenchNetwork.parse(["sideways"]) }
    #expect(throws: (any Error).self) { try LogCommand.parse(["--lines", "0"]) }
  }

  @Test("A tab offers the station's EVSEs and variables and the world's faults; of a strange answer nothing")
  func completions() throws {
    #expect(Completions.numbers(of: try ChargerCtlSamples.answer("station.status")) == ["1", "2"])
    #expect(
      Completions.names(of: try ChargerCtlSamples.answer("station.deviceModel.get")) == [
        "TxCtrlr", "Connector", "SecurityCtrlr", "TxCtrlr.EVConnectionTimeOut", "Connector#1.1.AvailabilityState",
        "SecurityCtrlr.BasicAuthPassword",
      ])
    #expect(Completions.faultNames(of: [["fault": "groundFault"], ["fault": 1]]) == ["groundFault"])
    for strange: JSONValue? in [nil, .null, "x", [1], ["evses": 1, "variables": 2]] {
      #expect(Completions.numbers(of: strange).isEmpty && Completions.names(of: strange).isEmpty)
      #expect(Completions.faultNames(of: strange).isEmpty)
    }
  }
}
