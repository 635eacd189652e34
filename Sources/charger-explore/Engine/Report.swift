import EVSEControl
import HAL

/// What an exploration has found, for people.
enum Report {
  static let heading = row("configuration", "states", "transitions", "depth", "energy within", "seconds")

  static func line(_ result: Exploration.Result) -> String {
    let line = row(
      result.scenario, grouped(result.states), grouped(result.transitions), "\(result.depth)",
      "\(result.longestWayToEnergy) steps", "\(Int(result.seconds * 10) / 10).\(Int(result.seconds * 10) % 10)")
    guard result.unexplored > 0 else { return line }
    return line + "  NOT FINISHED: \(grouped(result.unexplored)) states are not expanded"
  }

  static func total(_ results: [Exploration.Result]) -> String {
    let states = results.reduce(0) { $0 + $1.states }
    let transitions = results.reduce(0) { $0 + $1.transitions }
    let broken = results.count { $0.violation != nil }
    let unfinished = results.count { $0.unexplored > 0 }
    var text = row("total of \(results.count)", grouped(states), grouped(transitions))
    if unfinished > 0 { text += "  \(unfinished) not finished" }
    text += broken == 0 ? "  no rule is broken" : "  \(broken) with a broken rule"
    return text
  }

  /// The way to a broken rule, played once more from the beginning and told step by step.
  static func describe(_ finding: Exploration.Finding, _ scenario: Scenario) -> String {
    var lines = [
      "BROKEN RULE \(finding.violation.rule.name) in \(scenario.name): \(finding.violation.rule.rawValue)",
      "  \(finding.violation.detail)",
      "  The shortest way there, \(finding.trace.count) steps:",
    ]
    var effects = ControlEffects(for: scenario.configuration)
    var world = World(scenario, effects: &effects)
    var time = 0
    for step in finding.trace {
      time += Int(world.ticks(of: step))
      _ = world.take(step, scenario, &effects)
      var line = "  \(padded("tick \(time)", 9)) \(step)"
      for place in scenario.connectors.indices {
        guard let snapshot = world.control.snapshot(at: place) else { continue }
        line += "\n              \(summary(snapshot, effects.outputs[place]))"
      }
      for outputs in effects.evseOutputs {
        if let isOn = outputs.testCurrent { line += "\n              TEST CURRENT \(isOn ? "on" : "off")" }
        if outputs.resetsResidualCurrent { line += "\n              RESET of the residual current detection" }
        if let phases = outputs.phases { line += "\n              PHASES \(phases)" }
      }
      lines.append(line)
      world.normalize(scenario)
    }
    return lines.joined(separator: "\n")
  }

  private static func summary(_ snapshot: ConnectorSnapshot, _ outputs: ControlEffects.Outputs) -> String {
    var text = "\(snapshot.connector): pilot \(snapshot.pilotState), \(snapshot.pilotOutput.name)"
    text += ", contactor \(snapshot.contactorCommand)/\(show(snapshot.contactorFeedback))"
    if let lock = snapshot.details.lock { text += ", lock \(lock)" }
    if !snapshot.faults.isEmpty { text += ", faults \(snapshot.faults.faults)" }
    text += ", blockers \(snapshot.blockers.names)"
    if let pilot = outputs.pilot { text += "; PILOT \(pilot.name)" }
    if let contactor = outputs.contactor { text += "; CONTACTOR \(contactor)" }
    if let lock = outputs.lock { text += "; LOCK \(lock)" }
    return text
  }

  static func grouped(_ number: Int) -> String {
    var text = ""
    for (place, digit) in "\(number)".reversed().enumerated() {
      if place > 0 && place % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func row(_ name: String, _ columns: String...) -> String {
    var text = padded(name, 24)
    for column in columns { text += String(repeating: " ", count: max(1, 16 - column.count)) + column }
    return text
  }
}

extension PilotOutput {
  var name: String {
    switch self {
    case .steadyPositive: "steady"
    case .pulseWidth(let duty): "offers \(duty.offeredCurrent.map { "\($0)" } ?? "nothing")"
    case .steadyNegative: "−12 V"
    }
  }
}

extension EnergyBlockers {
  /// In words, for a trace.
  var names: String {
    let known: [(EnergyBlockers, String)] = [
      (.noVehicle, "no vehicle"), (.vehicleNotReady, "vehicle not ready"), (.noPermit, "no permit"),
      (.permitExpired, "permit expired"), (.energyBudgetUsed, "budget used"), (.faulted, "fault"),
      (.inoperative, "inoperative"), (.limitBelowMinimum, "limit"), (.driverSilent, "driver silent"),
      (.ventilationMissing, "ventilation"), (.contactorMoving, "contactor moving"), (.shuttingDown, "shutting down"),
      (.otherConnectorInUse, "other connector"), (.lockNotConfirmed, "lock"),
      (.residualCurrentUntested, "RCD untested"),
      (.startDelayed, "start delayed"), (.mainsReturning, "mains returning"), (.phasesSwitching, "phases switching"),
      (.cableUnknown, "cable unknown"), (.wakingVehicle, "waking vehicle"), (.digitalCommunication, "digital"),
      (.paused, "paused"),
    ]
    let names = known.filter { contains($0.0) }.map(\.1)
    return names.isEmpty ? "none" : names.joined(separator: ", ")
  }
}
