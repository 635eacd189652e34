import ChargerBase
import OCPPCore
import OCPPPorts
import OCPPTypes
import SimulationSupport

/// A simulated station whose transactions are opened and ended by hand.
final class StubbedStation {
  let harness: EngineHarness
  private let current: () -> StubSessions?

  init(_ settings: [ChargePointConfiguration.DeviceModelEntry] = [], capacity: Int = 200_000) {
    final class Holder { var sessions: StubSessions? }
    let holder = Holder()
    var configuration = EngineHarness.standardConfiguration(deviceModel: settings)
    configuration.outboxCapacity = capacity
    harness = EngineHarness(
      configuration: configuration,
      sessions: { services in
        let stub = StubSessions(services)
        holder.sessions = stub
        return stub
      })
    current = { holder.sessions }
  }

  /// Facts come in turns of the engine; so do these.
  func act(_ body: (StubSessions) -> Void) {
    guard let stub = current() else { return }
    body(stub)
    harness.chargePoint.advance()
  }

  /// Transaction events that the CSMS has seen, as `id#seqNo`.
  func ids() -> [String] {
    harness.csms.calls(.transactionEvent).map { call in
      let json = call.json
      return "\(json["transactionInfo"]?["transactionId"]?.string ?? "?")#\(json["seqNo"]?.int ?? -1)"
    }
  }
}
