import ArgumentParser
import ChargerBase
import OCPPJSON

/// Verbs that act on the simulated world, as a person at the post would.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Plays the world around a station on the bench: car, card, meter, mains, network.",
    subcommands: [
      BenchPlugIn.self, BenchPlugOut.self, BenchCarState.self, BenchTap.self, BenchPressStart.self, BenchEnterKey.self,
      BenchChoose.self, BenchSetMeter.self, BenchFault.self, BenchFaults.self, BenchParkingBay.self, BenchUnlock.self,
      BenchLimit.self,
      BenchNetwork.self, BenchMains.self, BenchAmbient.self, BenchDisplay.self, BenchState.self, BenchEvents.self,
    ])
}

/// An EVSE and one of its connectors.
struct ConnectorArguments: ParsableArguments {
  @Argument(help: "The EVSE's number.", completion: Completions.evses) var evse: Int32
  @Option(name: [.short, .long], help: "The connector's number.") var connector: Int32 = 1

  var members: [JSONMember] { [JSONMember("evse", JSONValue(evse)), JSONMember("connector", JSONValue(connector))] }
  var text: String { "EVSE \(evse), connector \(connector)" }
}

enum UpOrDown: String, ExpressibleByArgument, CaseIterable {
  case up, down
}

enum OnOrOff: String, ExpressibleByArgument, CaseIterable {
  case on, off
}

/// A number that keeps its digits on the way to the world.
struct DecimalArgument: ExpressibleByArgument {
  var value: Decimal

  init?(argument: String) {
    guard let value = Decimal(argument) else { return nil }
    self.value = value
  }
}

func members(_ optional: [(String, JSONValue?)]) -> [JSONMember] {
  optional.compactMap { name, value in value.map { JSONMember(name, $0) } }
}
