import ArgumentParser
import ChargerBase
import OCPPJSON

/// The installer's look at the wiring.
struct HardwareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hardware", abstract: "The station's hardware.", subcommands: [HardwareTestCommand.self])
}

struct HardwareTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Test the wiring, part by part, and print a report.",
    discussion: """
      Each output is moved and put back, each input is watched, meter, card reader and pilot are read. Contactors are \
      clicked for half a second, and only while no car is plugged in. The station must be stopped: its hardware is \
      opened for the test alone.

      Exit status: 0 all is well, 1 something is not, 64 wrong use, 69 the hardware cannot be had (a station runs, a \
      line is busy, the profile is bad).
      """)

  @Option(name: .long, help: "The board profile.")
  var board: String?

  @Option(name: .long, help: "A program that is started with --hardware-test already, or the station's, by its socket.")
  var socket: String?

  @Option(name: .long, help: "The program that opens the hardware; else chargerd beside chargerctl.")
  var program: String?

  @Option(name: .long, help: "A simulated world's socket: tests chargerd-bench on it.")
  var world: String?

  @Flag(name: .long, help: "Ask nothing: only what needs nobody at the post. The rest is told as skipped.")
  var yes = false

  @Flag(name: .long, help: "Print the report as JSON, and ask nothing.")
  var json = false

  func run() throws {
    var isGood = false
    try Terminal.run { () throws(Failure) in
      let host = try HardwareTestHost.open(
        socket: socket, board: board, program: program, world: world)
      defer { host.close() }
      var test = HardwareTest(host.connection, asks: !yes && !json, talks: !json)
      try test.run()
      Terminal.writeLine(json ? test.report.document.description : test.report.summary)
      isGood = test.report.isGood
    }
    if !isGood { throw ExitCode(1) }
  }
}
