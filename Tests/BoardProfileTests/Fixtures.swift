import Foundation
import Testing

@testable import BoardProfile

/// Profiles that tests begin with.
enum Fixtures {
  /// A small good product profile with most of the keys.
  static let product = """
    {
      "name": "street-1",
      "purpose": "product",
      "vendorName": "Maker",
      "model": "Street One",
      "evses": [
        {
          "id": 1, "maximumCurrentA": 32, "phases": 3,
          "meter": { "driver": "modbus", "unit": 1 },
          "light": { "driver": "gpio-light", "line": "led-1" },
          "voltageBand": { "lowestV": 207, "highestV": 253, "hysteresisV": 2.5 },
          "residualCurrent": { "driver": "gpio-rcm", "line": "rcm-1", "test": false },
          "temperatureSensors": [ { "driver": "ntc", "channel": 0 }, { "driver": "ntc", "channel": 1 } ],
          "temperatureCurve": {
            "deratingFromCelsius": 60, "stopAtCelsius": 75.5, "leastCurrentA": 10, "hysteresisCelsius": 4
          },
          "phaseSwitch": { "driver": "relays", "line": "phases-1" },
          "connectors": [
            {
              "id": 1, "cable": "socket", "connectorType": "sType2", "cableRatingA": 25,
              "pilot": { "driver": "mcu", "port": "/dev/ttyS1" },
              "contactor": { "driver": "mcu", "port": "/dev/ttyS1" },
              "lock": { "driver": "motor", "line": "lock-1" },
              "proximity": { "driver": "adc", "channel": 2 },
              "hasDigitalCommunication": true,
              "simplifiedVehicleA": "refused",
              "contactorServiceAfterOpenings": 50000,
              "wakeUp": { "afterSeconds": 60, "steadySeconds": 5, "attempts": 3 }
            }
          ]
        },
        {
          "id": 2, "maximumCurrentA": 16, "phases": 1, "meterNeeded": false, "allowReset": false,
          "residualCurrent": "external",
          "connectors": [
            {
              "id": 1, "cable": "fixed", "connectorType": "cType1", "hasVentilation": true,
              "simplifiedVehicleA": 8, "wakeUp": "never",
              "pilot": { "driver": "mcu", "port": "/dev/ttyS2" },
              "contactor": { "driver": "mcu", "port": "/dev/ttyS2" }
            }
          ]
        }
      ],
      "sharedSupplyA": 40.5,
      "safetyInputs": [
        { "kind": "emergencyStop", "driver": "gpio-input", "line": "stop" },
        { "kind": "door", "evse": 2, "driver": "gpio-input", "line": "door-2" }
      ],
      "readers": [ { "name": "left", "driver": "pcsc", "evses": [1] } ],
      "display": { "driver": "lcd" },
      "deadMan": { "means": "companionController", "withinMilliseconds": 400 },
      "watchdog": { "driver": "linux-watchdog", "device": "/dev/watchdog0" },
      "leaseExpiry": "stop",
      "leaseSeconds": 30,
      "randomStartDelaySeconds": 600,
      "outboxCapacity": 150000,
      "timing": { "pilotFilterMilliseconds": 20, "lockAttempts": 5, "overCurrentToleranceA": 0.5 },
      "pilotThresholds": { "hysteresisMillivolts": 250 },
      "proximityBands": {
        "bands": [
          { "ratingA": 13, "lowestOhms": 1000, "highestOhms": 2200 },
          { "ratingA": 32, "lowestOhms": 150.5, "highestOhms": 330 }
        ],
        "betweenBands": "fault", "openAboveOhms": 5000
      },
      "lights": { "charging": { "colour": "white", "rhythm": "pulsing" } },
      "csms": { "url": "wss://csms.example.com/ocpp", "securityProfile": 2, "versions": ["ocpp2.0.1"] },
      "deviceModel": [
        { "component": { "name": "TxCtrlr" }, "variable": { "name": "EVConnectionTimeOut" }, "value": "60" },
        {
          "component": { "name": "Connector", "evse": { "id": 2, "connectorId": 1 } },
          "variable": { "name": "Temperature", "instance": "plug" },
          "attribute": "Actual", "value": "20", "mutability": "ReadOnly",
          "variableCharacteristics": {
            "dataType": "decimal", "unit": "Celsius", "minLimit": -40, "maxLimit": 90, "supportsMonitoring": true
          }
        }
      ]
    }
    """

  static let unit = """
    {
      "identity": "CS-0001",
      "csmsUrl": "wss://csms.example.com/ocpp",
      "securityProfile": 2,
      "basicAuthPassword": "correct-horse-battery",
      "serialNumber": "A0001",
      "ratedSupplyA": 32,
      "installerLimitA": 20,
      "rootCertificatesFile": "roots.pem",
      "deviceModel": [
        { "component": { "name": "EVSE", "evse": { "id": 1 } }, "variable": { "name": "Available" }, "value": "true" }
      ]
    }
    """

  static func boardFile(_ name: String, near file: String = #filePath) throws -> [UInt8] {
    let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appendingPathComponent("boards/\(name)")))
  }

  static func problems(inBoard text: String) -> [ProfileProblem] {
    do throws(ProfileProblems) {
      _ = try BoardProfile.load(bytes: Array(text.utf8), fileName: "board.json")
      return []
    } catch {
      return error.problems
    }
  }

  static func problems(inUnit text: String) throws -> [ProfileProblem] {
    let board = try BoardProfile.load(bytes: Array(product.utf8), fileName: "board.json")
    do throws(ProfileProblems) {
      _ = try UnitFile.load(bytes: Array(text.utf8), fileName: "unit.json", board: board)
      return []
    } catch {
      return error.problems
    }
  }
}

/// A change to a good file and the one problem that it must lead to.
struct BadFile: Sendable, CustomTestStringConvertible {
  var find: String
  var replacement: String
  var path: String
  var message: String
  var allowed: String?
  var suggestion: String?

  init(
    _ find: String, _ replacement: String, _ path: String, _ message: String, allowed: String? = nil,
    suggestion: String? = nil
  ) {
    self.find = find
    self.replacement = replacement
    self.path = path
    self.message = message
    self.allowed = allowed
    self.suggestion = suggestion
  }

  var testDescription: String { "\(path) \(message)" }

  func applied(to text: String) throws -> String {
    let range = try #require(text.range(of: find), "the fixture has no \(find)")
    return text.replacingCharacters(in: range, with: replacement)
  }

  func check(_ problems: [ProfileProblem], file: String) {
    #expect(problems.count == 1, "\(problems)")
    guard let problem = problems.first else { return }
    #expect(problem.file == file)
    #expect(problem.path == path)
    #expect(problem.message == message)
    if let allowed { #expect(problem.allowed == allowed) }
    #expect(problem.suggestion == suggestion)
    #expect(problem.line > 0 && problem.column > 0)
  }
}
