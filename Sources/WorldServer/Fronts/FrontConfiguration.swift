import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

/// Which wires the world shows itself on, as a JSON file names them: `{"fronts": [{"front": "card", …}, …]}`.
package struct FrontConfiguration: Sendable, Equatable {
  package enum Front: Sendable, Equatable {
    case gpio(GPIOFrontConfiguration)
    case card(CardFrontConfiguration)
    case modbus(MeterFrontConfiguration)
    case controller(ControllerFrontConfiguration)
  }

  enum Kind: String, CaseIterable {
    case gpio, card, modbus, controller
  }

  static let maximumFronts = 32

  package var fronts: [Front]

  /// Throws one sentence with the path of what is wrong.
  package init(parsing bytes: [UInt8]) throws(FrontError) {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch { throw FrontError("\(error)") }
    do throws(JSONRPCError) {
      let file = JSONRPCParameters(value, path: JSONPath([]))
      try file.allow(["fronts"])
      fronts = []
      for front in try file.objects("fronts", maximum: Self.maximumFronts) { fronts.append(try Self.front(front)) }
    } catch {
      throw FrontError(error.message)
    }
  }

  private static func front(_ params: JSONRPCParameters) throws(JSONRPCError) -> Front {
    switch try params.choice("front", Kind.self) {
    case .gpio: .gpio(try GPIOFrontConfiguration(params))
    case .card: .card(try CardFrontConfiguration(params))
    case .modbus: .modbus(try MeterFrontConfiguration(params))
    case .controller: .controller(try ControllerFrontConfiguration(params))
    }
  }
}

extension JSONRPCParameters {
  /// The objects of a list; none when it is missing.
  func objects(_ name: String, maximum: Int) throws(JSONRPCError) -> [JSONRPCParameters] {
    var objects: [JSONRPCParameters] = []
    for (index, value) in (try optionalArray(name, maximum: maximum) ?? []).enumerated() {
      guard value.members != nil else { throw wrong(name, "must hold objects only") }
      objects.append(JSONRPCParameters(value, path: JSONPath(path.components + [.name(name), .index(index)])))
    }
    return objects
  }
}
