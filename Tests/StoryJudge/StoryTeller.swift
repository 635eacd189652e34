import ChargerBase
import OCPPTypes
import SimulatedWorld
import SimulationSupport

/// A story in plain steps, and what the CSMS read of it.
package enum StoryTeller {
  package static func tell(_ story: Story, _ chronicle: Chronicle) -> [String] {
    var lines = ["Settings: " + story.rules.settings.map { "\($0.1) \($0.2)" }.joined(separator: ", ")]
    lines.append("What happened:")
    for (number, act) in chronicle.acts.enumerated() {
      let note = act.wasPossible ? "" : " (nothing comes of it)"
      let isClosing = act.at >= chronicle.closingTime ? " [closing]" : ""
      lines.append("  \(number + 1). \(time(act.at)) \(sentence(act.action))\(note)\(isClosing)")
    }
    lines.append("  \(time(chronicle.closingTime)) everybody leaves, the network is well")
    lines.append("What the CSMS was told:")
    let evidence = Evidence(chronicle)
    for transaction in evidence.transactions {
      lines.append("  transaction \(transaction.id.suffix(6)) at EVSE \(transaction.evse.map(String.init) ?? "?"):")
      for event in transaction.events { lines.append("    \(line(event))") }
    }
    for opinion in evidence.opinions {
      lines.append(
        "  \(time(opinion.at)) \(opinion.card) is \(opinion.isAccepted ? "accepted" : "refused")"
          + (opinion.transaction.map { " in \($0.suffix(6))" } ?? ""))
    }
    lines.append("What flowed:")
    for switching in chronicle.switchings {
      let reading = chronicle.reading(switching.evse, at: switching.at)
      lines.append(
        "  \(time(switching.at)) EVSE \(switching.evse) \(switching.isClosed ? "on" : "off") at \(reading.register) mWh"
      )
    }
    return lines
  }

  package static func time(_ instant: MonotonicInstant) -> String {
    let milliseconds = instant.nanoseconds / 1_000_000
    let (seconds, rest) = (milliseconds / 1_000, milliseconds % 1_000)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = "\(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    let fraction = String(1_000 + rest).dropFirst()
    return "\(clock).\(fraction)"
  }

  private static func line(_ event: Evidence.Event) -> String {
    let request = event.request
    var text = "\(time(event.at)) #\(request.seqNo) \(request.eventType.rawName) \(request.triggerReason.rawName)"
    if let card = event.card { text += " \(card)" }
    if let state = request.transactionInfo.chargingState { text += " \(state.rawName)" }
    if let reason = request.transactionInfo.stoppedReason { text += " because \(reason.rawName)" }
    let registers = request.registers.map { "\($0.milliwattHours)" }
    if !registers.isEmpty { text += " at \(registers.joined(separator: ", ")) mWh" }
    if request.offline == true { text += ", offline" }
    return text
  }

  package static func sentence(_ action: StoryAction) -> String {
    func place(_ evse: Int32?) -> String { evse.map { "EVSE \($0)" } ?? "the station" }
    return switch action {
    case .plugIn(let evse, let car):
      "a car of \(car.current), \(car.phases) phases, plugs in at EVSE \(evse)"
        + (car.batteryRoom.map { ", with room for \($0)" } ?? "")
    case .plugOut(let evse): "the car at EVSE \(evse) is unplugged"
    case .car(let evse, .connected?): "the car at EVSE \(evse) pauses"
    case .car(let evse, .unplugged?): "the plug at EVSE \(evse) is pulled out of the car"
    case .car(let evse, nil): "the car at EVSE \(evse) does as it wants again"
    case .car(let evse, let state?): "the car at EVSE \(evse) is held in \(state.rawValue)"
    case .tap(let card, let evse): "\(card.rawValue) is shown at the reader of \(place(evse))"
    case .remoteStart(let card, let evse): "the CSMS starts \(place(evse)) for \(card.rawValue)"
    case .remoteStop(let evse): "the CSMS stops \(evse.map { "what runs at EVSE \($0)" } ?? "what never was")"
    case .reset(let isImmediate, let evse): "the CSMS resets \(place(evse)) \(isImmediate ? "at once" : "when idle")"
    case .availability(let evse, let isOperative):
      "the CSMS makes EVSE \(evse) \(isOperative ? "operative" : "inoperative")"
    case .unlock(let evse): "the CSMS unlocks EVSE \(evse)"
    case .network(let isUp): "the network \(isUp ? "comes back" : "goes down")"
    case .linkBreaks: "the connection breaks"
    case .csms(let mood, let length): "the CSMS is \(mood.rawValue) for \(length)"
    case .verdict(let card, let isAccepted): "the CSMS now \(isAccepted ? "accepts" : "refuses") \(card.rawValue)"
    case .end(let end, let away, let meanwhile): "the program ends (\(end.rawValue)) for \(away)\(sentence(meanwhile))"
    case .fault(let fault, let evse, let isActive):
      "\(fault.rawValue) at EVSE \(evse) \(isActive ? "begins" : "is repaired")"
    case .nothing: "nothing happens"
    }
  }

  private static func sentence(_ meanwhile: Meanwhile) -> String {
    switch meanwhile {
    case .nothing: ""
    case .carLeaves(let evse): ", the car at EVSE \(evse) leaves"
    case .carComes(let evse): ", a car comes to EVSE \(evse)"
    case .meterExchanged(let evse, let register): ", EVSE \(evse) gets a meter at \(register)"
    }
  }
}
