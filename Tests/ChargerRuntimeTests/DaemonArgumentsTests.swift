import Testing

@testable import ChargerRuntime

@Suite("DESIGN §3: the daemon's command line")
struct DaemonArgumentsTests {
  @Test("All options are read, in both spellings")
  func options() throws {
    let arguments = try DaemonArguments.parse(
      ["--board", "b.json", "--state=/s", "--csms", "ws://x", "--control=/c", "--log-level", "debug", "--world", "/w"],
      extraOptions: [ExtraOption(name: "world", placeholder: "SOCKET", help: "")])
    #expect(arguments.board == "b.json")
    #expect(arguments.state == "/s")
    #expect(arguments.csms == "ws://x")
    #expect(arguments.control == "/c")
    #expect(arguments.logLevel == .debug)
    #expect(arguments.extra("world") == "/w")
  }

  @Test(
    "What cannot be used is named",
    arguments: [
      (["--state", "/s"], "--board"), (["--board", "b"], "--state"), (["--board"], "--board needs a value"),
      (["--bord", "b"], "--bord"), (["--board", "b", "--state", "s", "--log-level", "loud"], "loud"),
      (["--board", "b", "--state", "s", "--world", "w"], "--world"),
      (["--board", "b", "--state", "s", "--csms-slot", "first"], "first"),
    ])
  func mistakes(_ arguments: [String], _ named: String) {
    #expect {
      try DaemonArguments.parse(arguments)
    } throws: { error in
      (error as? UsageError)?.message.contains(named) == true
    }
  }

  @Test("After a reset the slot of --csms comes last on the line, and counts")
  func slot() throws {
    let line = ["--board", "b", "--state", "s", "--csms", "ws://x"]
    #expect(try DaemonArguments.parse(line).csmsSlot == nil)
    #expect(try DaemonArguments.parse(line + ["--csms-slot", "2"]).csmsSlot == 2)
  }

  @Test("--check needs no state directory, --help and --version need nothing")
  func exceptions() throws {
    #expect(try DaemonArguments.parse(["--board", "b", "--check"]).checkOnly)
    #expect(try DaemonArguments.parse(["--help"]).showHelp)
    #expect(try DaemonArguments.parse(["--version"]).showVersion)
  }
}
