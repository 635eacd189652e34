import ChargerBase
import EVSEControl
import HAL
import OCPPCore

/// The chain of reasons of one connector, what must be mended first in front.
struct ReasonChain {
  let snapshot: ConnectorSnapshot
  let context: ExplanationContext

  var blockers: EnergyBlockers { snapshot.blockers }
  private var details: ConnectorSnapshot.Details { snapshot.details }

  var reasons: [EnergyReason] {
    var found = stationReasons + faultReasons + placeReasons
    if blockers.contains(.noVehicle), !blockers.contains(.noPermit) || context.feedback != .plugIn {
      found.append(
        EnergyReason(code: "noVehicle", text: "No vehicle is plugged in.", remedy: "Plug in at both ends."))
    }
    found += permitReasons + gateReasons
    // What is asked of the vehicle only counts once something is plugged in and, for its answer, offered.
    if !blockers.contains(.noVehicle) { found += connectionReasons }
    if blockers.contains(.vehicleNotReady), !blockers.contains(.noVehicle), found.isEmpty || isOffering {
      found.append(vehicleNotReady)
    }
    if blockers.contains(.contactorMoving), found.isEmpty { found.append(contactorMoving) }
    if found.isEmpty {
      found = [EnergyReason(code: "settling", text: "Energy is about to flow.", remedy: "Wait a second.")]
    }
    return found
  }

  private var isOffering: Bool { snapshot.offeredCurrent != nil }

  // MARK: The station

  private var stationReasons: [EnergyReason] {
    var found: [EnergyReason] = []
    if blockers.contains(.shuttingDown) {
      found.append(
        EnergyReason(
          code: "shuttingDown", text: "The station is stopping.", remedy: "Wait until it has started again."))
    }
    if context.isResetPending {
      found.append(
        EnergyReason(
          code: "resetPending", text: "The operator has asked for a restart; nothing new begins before it.",
          remedy: "Wait until the station has started again."))
    }
    return found
  }

  private var faultReasons: [EnergyReason] {
    var found = FaultCatalogue.entries(of: snapshot.faults).map { entry in
      EnergyReason(code: entry.code, text: entry.text, remedy: "\(entry.remedy) \(entry.ending)")
        .with("technicianCode", entry.technicianCode)
        .with("component", entry.component)
        .with("variable", entry.variable)
        .with("temperatureC", entry.fault == .overTemperature ? details.temperature?.decimal : nil)
        .with("voltageV", isOfVoltage(entry.fault) ? details.voltage?.decimal : nil)
        .with("measuredA", entry.fault == .overCurrent ? details.measuredCurrent?.decimal : nil)
    }
    if blockers.contains(.faulted), found.isEmpty {
      found.append(
        EnergyReason(
          code: "faulted", text: "A fault has just ended or begun.", remedy: "Wait a second and ask again."))
    }
    if blockers.contains(.driverSilent), found.isEmpty {
      found.append(
        EnergyReason(
          code: "driverSilent", text: "A part on the energy path (pilot, contactor, meter) has not answered yet.",
          remedy: "Wait a few seconds; if it stays, check the wiring and supply of that part."))
    }
    return found
  }

  private func isOfVoltage(_ fault: ControlFault) -> Bool { fault == .overVoltage || fault == .underVoltage }

  private var placeReasons: [EnergyReason] {
    var found: [EnergyReason] = []
    if blockers.contains(.inoperative) {
      found.append(
        EnergyReason(
          code: "inoperative", text: "The connector is out of service.",
          remedy: "The operator can make it operative again."))
    }
    if blockers.contains(.otherConnectorInUse) {
      found.append(
        EnergyReason(
          code: "otherConnectorInUse", text: "The EVSE's other connector is in use.",
          remedy: "Unplug the other vehicle."))
    }
    return found
  }

  private var remaining: Duration? {
    details.startsAt.flatMap { $0 > context.now && $0 != .distantFuture ? $0 - context.now : nil }
  }

  // MARK: The permit

  private var permitReasons: [EnergyReason] {
    if blockers.contains(.permitExpired) {
      return [
        EnergyReason(
          code: "permitExpired", text: "The permission to charge has run out without being renewed.",
          remedy: "The station renews it by itself; if this stays, restart it.")
      ]
    }
    if blockers.contains(.energyBudgetUsed) {
      return [
        EnergyReason(
          code: "energyBudgetUsed", text: "The energy allowed for this session is used.",
          remedy: "Start a new session with an accepted card.")
      ]
    }
    guard blockers.contains(.noPermit) else { return [] }
    var found: [EnergyReason] = []
    if !context.canBill {
      found.append(
        EnergyReason(
          code: "outboxFull",
          text: "The station's memory is full or cannot be written, so a new session could not be billed.",
          remedy: "Free space in the state directory, or restore the connection so that what waits can be sent."))
    }
    found.append(permission)
    found += context.postReasons
    // Who has been accepted waits for nobody but himself.
    if context.feedback != .plugIn, let link = linkReason { found.append(link) }
    return found
  }

  // MARK: Gates and limits

  private var gateReasons: [EnergyReason] {
    var found: [EnergyReason] = []
    if blockers.contains(.paused) {
      found.append(
        EnergyReason(
          code: "paused", text: "Charging was paused at the station.", remedy: "chargerctl resume lets it go on."))
    }
    if blockers.contains(.limitBelowMinimum) { found.append(limitReason) }
    if blockers.contains(.mainsReturning) {
      let rest = remaining.map { " in \(Span.words($0))" } ?? " shortly"
      found.append(
        EnergyReason(
          code: "mainsReturning",
          text: "The mains is back; the EVSEs start one after the other, this one\(rest).",
          remedy: "It goes on by itself."
        ).with("remainingS", remaining.map(Span.seconds)))
    }
    if blockers.contains(.startDelayed) {
      let rest = remaining.map { "in \(Span.words($0))" } ?? "when the delay is lifted"
      found.append(
        EnergyReason(
          code: "startDelayed",
          text: "The start is delayed, so that not all vehicles begin at once; it begins \(rest).",
          remedy: "It goes on by itself; chargerctl start-now lifts the delay."
        ).with("remainingS", remaining.map(Span.seconds)))
    }
    return found
  }

  private var limitReason: EnergyReason {
    let least = DutyCycle.leastOffer
    let reason = EnergyReason(
      code: "limitBelowMinimum", text: Sentence.of("\(LimitWords.clause(snapshot)), a vehicle needs \(least)"),
      remedy: LimitWords.remedy(snapshot, at: context.now))
    return LimitWords.details(reason, snapshot, at: context.now).with("neededA", least.decimal)
  }

  // MARK: Cable and vehicle

  private var connectionReasons: [EnergyReason] {
    var found: [EnergyReason] = []
    if blockers.contains(.cableUnknown) {
      found.append(
        EnergyReason(
          code: "cableUnknown", text: "The socket has not read the cable's rating yet.",
          remedy: "Push the plug in fully; if this stays, use another cable."))
    }
    if blockers.contains(.lockNotConfirmed), !snapshot.faults.contains(.lockFailure) {
      found.append(lockReason)
    }
    if blockers.contains(.residualCurrentUntested), !snapshot.faults.contains(.residualCurrentTest) {
      found.append(residualCurrentReason)
    }
    if blockers.contains(.phasesSwitching) {
      found.append(
        EnergyReason(
          code: "phasesSwitching",
          text: "The EVSE changes between one and three phases; the vehicle must let go of the old ones first.",
          remedy: "It goes on by itself in about \(Span.words(context.timing.phaseSwitchRest * 2))."
        ).with("phases", Decimal(Int64(details.phases))))
    }
    if blockers.contains(.digitalCommunication) {
      found.append(
        EnergyReason(
          code: "digitalCommunication",
          text: "The pilot shows 5 %: vehicle and station agree on the current by a higher-level protocol.",
          remedy: "If this stays, unplug and plug in again."))
    }
    if blockers.contains(.ventilationMissing), !snapshot.faults.contains(.ventilationMissing) {
      found.append(
        EnergyReason(
          code: "ventilationMissing", text: "The vehicle asks for ventilation, and this post has none.",
          remedy: "Charge this vehicle at a post outdoors or with ventilation."))
    }
    if blockers.contains(.simplifiedVehicle) {
      found.append(
        EnergyReason(
          code: "simplifiedVehicle",
          text: "The vehicle asked for energy at once, in the simplified way without state B, which this post refuses.",
          remedy: "Unplug and plug in again; if it stays, use another cable or adapter."))
    }
    if blockers.contains(.wakingVehicle) {
      found.append(
        EnergyReason(
          code: "wakingVehicle", text: "The vehicle has not answered the offer and is being woken.",
          remedy: "It goes on by itself; some vehicles must be woken with their key."))
    }
    return found
  }

  private var lockReason: EnergyReason {
    let text =
      switch details.lock {
      case nil: "The lock has not told its position yet."
      case .unlocked where details.isLockWanted: "The plug is being locked and is not confirmed locked yet."
      case .unlocked: "The plug is not locked."
      case .locked: "The plug is locked, but for too short a time to count."
      }
    return EnergyReason(
      code: "lockNotConfirmed", text: text, remedy: "Push the plug in fully; the station tries again by itself."
    ).with("lock", details.lock.map { "\($0)" })
  }

  private var residualCurrentReason: EnergyReason {
    let text =
      switch details.residualCurrent {
      case .testing: "The residual current protection is being tested before the session."
      case nil, .unknown: "The residual current protection has not answered yet."
      case .untested, .healthy, .tripped, .testFailed:
        "The residual current protection waits to be tested for this session."
      }
    return EnergyReason(code: "residualCurrentUntested", text: text, remedy: "It takes a few seconds.")
      .with("residualCurrent", details.residualCurrent.map { "\($0)" })
  }

  private var vehicleNotReady: EnergyReason {
    let offer = snapshot.offeredCurrent
    let text: String
    let remedy: String
    switch snapshot.pilotState {
    case .b, .a:
      let offered = offer.map { ", although it is offered \($0.inWords)" } ?? ""
      text = "The vehicle is plugged in but does not ask for energy\(offered)."
      remedy = "It may be full, timed or locked: look at its display."
    case .c, .d:
      text = "The vehicle's pilot is being checked for its diode."
      remedy = "Wait a second; if this stays, check the cable."
    case .e, .f, .unknown:
      text = "The vehicle's state cannot be read from the pilot."
      remedy = "Unplug, check the cable, and plug in again."
    }
    return EnergyReason(code: "vehicleNotReady", text: text, remedy: remedy).with("offeredA", offer?.decimal)
  }

  private var contactorMoving: EnergyReason {
    let isResting = snapshot.contactorCommand == .open && snapshot.contactorFeedback == .open
    let rest = context.timing.contactorRest
    let span = rest >= .seconds(1) ? " for \(Span.words(rest))" : ""
    return EnergyReason(
      code: "contactorMoving",
      text: isResting
        ? "The contactor rests\(span) before it may close again." : "The contactor is switching.",
      remedy: "Wait a second.")
  }

  // MARK: While it charges

  /// A vehicle that takes less than this under its offer decides for itself.
  private static let margin = Current(amperes: 1)

  /// Why the current is what it is: the vehicle's own choice, or the limit that wins.
  var currentReason: EnergyReason {
    let phases = details.phases == 1 ? " on one phase" : ""
    guard let offered = snapshot.offeredCurrent else {
      return EnergyReason(
        code: "digitalCommunication", text: "Vehicle and station agree on the current by a higher-level protocol.",
        remedy: "")
    }
    if let measured = details.measuredCurrent, measured + Self.margin < offered {
      return EnergyReason(
        code: "vehicleDecides",
        text: "The vehicle takes \(measured.inWords) of the \(offered.inWords)\(phases) that it is offered.",
        remedy: "It may still be raising its current; a nearly full battery takes less, and so may its own settings."
      ).with("measuredA", measured.decimal).with("offeredA", offered.decimal)
    }
    let reason = EnergyReason(
      code: "\(snapshot.limitSource)",
      text: "The vehicle is offered \(offered.inWords)\(phases) because \(LimitWords.clause(snapshot)).",
      remedy: LimitWords.remedy(snapshot, at: context.now))
    return LimitWords.details(reason, snapshot, at: context.now)
      .with("offeredA", offered.decimal).with("measuredA", details.measuredCurrent?.decimal)
  }
}

enum Sentence {
  /// With a capital first letter and a full stop.
  static func of(_ clause: String) -> String { clause.prefix(1).uppercased() + clause.dropFirst() + "." }
}
