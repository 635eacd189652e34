import ChargerBase
import Testing

@testable import SimulatedWorld

@Suite("Random worlds and scripts")
struct RandomWorldTests {
  private func day(_ seed: UInt64, cut: Bool = false) -> (world: SimulatedWorld, done: [WorldAction]) {
    var bench = WorldBench(configuration: .equipped)
    bench.offer(amperes: 16)
    bench.world.commandContactor(closed: true, of: connector11)
    var random = RandomWorld(seed: seed, eventsPerHour: 3_600, startingAt: bench.world.now)
    var done: [WorldAction] = []
    let end = bench.world.now + .seconds(900)
    var pieces = SeededRandom(seed: seed ^ 0xFF)
    while cut, bench.world.now < end {
      let piece = Duration.nanoseconds(Int64.random(in: 1...9_000_000_007, using: &pieces))
      done += bench.world.play(&random, until: min(end, bench.world.now + piece))
    }
    done += bench.world.play(&random, until: end)
    return (bench.world, done)
  }

  @Test("The same seed gives the same sequence and the same world, however time is cut; another seed another")
  func repeatable() {
    for seed in UInt64(1)...3 {
      let first = day(seed)
      let second = day(seed, cut: true)
      #expect(first.done == second.done)
      #expect(first.world == second.world)
      #expect(first.done.prefix(5) != day(seed + 100).done.prefix(5))
    }
  }

  @Test("Over some days everything that can happen has happened, and healing makes the world whole")
  func everything() throws {
    var faults: Set<String> = []
    var others: Set<String> = []
    for seed in UInt64(1)...10 {
      var (world, done) = day(seed)
      for action in done {
        switch action {
        case .fault(_, let fault, true): faults.insert(fault.rawValue)
        case .plugIn: others.insert("plugIn")
        case .plugOut(_, let byForce): others.insert(byForce ? "force" : "plugOut")
        case .unlockByHand: others.insert("unlock")
        case .presentToken: others.insert("tap")
        case .holdCar: others.insert("hold")
        case .network: others.insert("network")
        case .mains: others.insert("mains")
        case .supplyVoltage: others.insert("voltage")
        case .ambient: others.insert("ambient")
        default: break
        }
      }
      for action in world.healing { try world.perform(action) }
      world.advance(to: world.now + .seconds(1))
      for evse in world.view {
        #expect(evse.faults.isEmpty && evse.connectors.allSatisfy(\.faults.isEmpty))
        #expect(evse.meter.voltages.allSatisfy { $0 == Voltage(volts: 230) })
      }
      #expect(world.safetyContactViews.allSatisfy { !$0.isActive && !$0.isSilent })
      #expect(world.networkUp && world.isMainsUp)
    }
    #expect(faults == Set(SimulatedFault.allCases.map(\.rawValue)))
    // No lock is ever commanded here: nothing has to be forced.
    #expect(others.isSuperset(of: ["plugIn", "plugOut", "tap", "hold", "network", "mains", "voltage", "ambient"]))
  }

  @Test("Nothing happens that is not wanted")
  func kinds() {
    var bench = WorldBench(configuration: .equipped)
    let kinds = RandomWorld.Kinds(tokens: [], faults: [.groundFault], hasForce: false, hasSupplies: false)
    var random = RandomWorld(seed: 3, eventsPerHour: 3_600, startingAt: bench.world.now, kinds: kinds)
    let done = bench.world.play(&random, until: bench.world.now + .seconds(3_600))
    #expect(done.count > 500)
    for action in done {
      switch action {
      case .plugIn, .plugOut(_, byForce: false), .holdCar, .fault(_, .groundFault, _): break
      default: Issue.record("\(action)")
      }
    }
  }

  @Test("The number of events an hour is about what was asked for")
  func rate() {
    for rate in [10, 60, 600] {
      var bench = WorldBench()
      var random = RandomWorld(seed: 9, eventsPerHour: rate, startingAt: bench.world.now)
      var turns = 0
      let end = bench.world.now + .seconds(40 * 3_600)
      while random.nextInstant <= end {
        bench.world.advance(to: random.nextInstant)
        _ = random.takeDue(by: bench.world.now, in: bench.world)
        turns += 1
      }
      #expect(turns > rate * 40 && turns < rate * 40 * 5 / 2, "\(rate): \(turns)")
    }
  }

  @Test("A script's steps come due one after the other, each counted from the one before")
  func script() throws {
    let text = """
      # A car comes, and goes.
      {"afterS": 2, "method": "bench.plugIn", "params": {"evse": 1}}

      {"method": "bench.presentToken", "params": {"idToken": "CARD"}}
        {"afterS": 0.5, "method": "bench.plugOut", "params": {"evse": 1}}
      """
    let script = try WorldScript(parsing: Array(text.utf8))
    #expect(script.steps.map(\.line) == [2, 4, 5])
    let start = MonotonicInstant.zero + .seconds(100)
    var player = WorldScriptPlayer(script, startingAt: start)
    #expect(player.nextInstant == start + .seconds(2))
    #expect(player.takeDue(by: start + .milliseconds(1_999)) == nil)
    #expect(player.takeDue(by: start + .seconds(2))?.method == "bench.plugIn")
    #expect(player.takeDue(by: start + .seconds(2))?.method == "bench.presentToken")
    #expect(player.takeDue(by: start + .seconds(2)) == nil)
    #expect(player.nextInstant == start + .milliseconds(2_500))
    #expect(player.takeDue(by: start + .seconds(60))?.params["evse"]?.int == 1)
    #expect(player.nextInstant == nil)
    #expect(player.takeDue(by: start + .seconds(60)) == nil)
    #expect(try WorldScript(parsing: []).steps.isEmpty)
  }

  @Test(
    "What is wrong with a script is told with its line",
    arguments: [
      ("{", 1), ("\n[]", 2), (#"{"afterS":1}"#, 1), (#"{"method":"a","afterS":-1}"#, 1),
      (#"{"method":"a","afterS":1e9}"#, 1), (#"{"method":"a","afterS":"1"}"#, 1), (#"{"method":"a","params":[]}"#, 1),
      ("# so\n\n" + #"{"method":"a","when":3}"#, 3), (#"{"method":7}"#, 1),
    ])
  func wrongScripts(text: String, line: Int) {
    let error = #expect(throws: WorldScriptError.self) { try WorldScript(parsing: Array(text.utf8)) }
    #expect(error?.line == line, "\(error?.description ?? "")")
  }
}
