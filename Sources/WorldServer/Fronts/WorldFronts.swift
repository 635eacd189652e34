import ChargerBase
import JSONRPC
import NIOCore
import OCPPJSON
import SimulatedWorld

/// All wires on which one world shows itself.
final class WorldFronts {
  private var fronts: [any WorldFront] = []

  init(
    _ configuration: FrontConfiguration, eventLoop: any EventLoop, wake: @escaping () -> Void,
    narrate: @escaping (String) -> Void
  ) {
    // Where there is a companion controller, it supplies the coils that hang on GPIO lines.
    var controllers: [ControllerFront] = []
    for case .controller(let controller) in configuration.fronts {
      controllers.append(ControllerFront(controller, eventLoop: eventLoop, wake: wake))
    }
    fronts += controllers
    for front in configuration.fronts {
      switch front {
      case .controller: break
      case .gpio(let gpio):
        fronts.append(GPIOFront(gpio) { [controllers] in controllers.allSatisfy(\.suppliesCoils) })
      case .modbus(let meters): fronts.append(MeterFront(meters))
      case .card(let card):
        fronts.append(CardFront(card, eventLoop: eventLoop, wake: wake, narrate: narrate))
      }
    }
  }

  func open() throws { for front in fronts { try front.open() } }

  func close() { for front in fronts { front.close() } }

  var nextInstant: MonotonicInstant { fronts.reduce(.distantFuture) { min($0, $1.nextInstant) } }

  func step(_ world: inout SimulatedWorld, at now: MonotonicInstant) {
    for front in fronts { front.step(&world, at: now) }
  }

  // MARK: Faults

  private var faults: [WireFault] {
    WireFault.allCases.filter { fault in fronts.contains { $0.faults.contains(fault) } }
  }

  /// For `bench.faults`.
  var descriptions: [JSONValue] {
    faults.map {
      ["fault": .string($0.rawValue), "code": .null, "scope": "wire", "available": true, "waitsFor": .null]
    }
  }

  /// `bench.fault` with a fault of the wires; nil when it names none of these.
  func perform(_ params: JSONRPCParameters) throws(JSONRPCError) -> JSONValue? {
    guard let name = params.optional("fault")?.string, let fault = WireFault(rawValue: name) else { return nil }
    try params.allow(["evse", "connector", "fault", "active"])
    guard faults.contains(fault) else { throw params.wrong("fault", "no front of this world has such a wire") }
    let evse = try params.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) }
    let isActive = try params.optionalBool("active") ?? true
    for front in fronts where front.faults.contains(fault) { front.set(fault, active: isActive, evse: evse) }
    return .object([])
  }
}
