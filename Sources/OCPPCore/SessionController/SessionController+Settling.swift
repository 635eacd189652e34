import ChargerBase
import OCPPTypes

// Energy and the driver's picture follow the state machine, once what led to them is durable.

extension SessionController {
  /// Brings energy and the driver's picture in line with the machine: withdrawal at once, the rest when it is durable.
  func settle(_ place: Int) {
    // Before the permit goes: without one the plug would be let go.
    let kept = slots[place].machine.keptCable(settings)
    if kept != slots[place].keptCable {
      if let former = slots[place].keptCable { services.keepLocked(false, former) }
      if let kept { services.keepLocked(true, kept) }
      slots[place].keptCable = kept
    }
    defer { tellEndings() }
    let wanted = slots[place].machine.permission
    if let issued = slots[place].issued, wanted != issued {
      // A new budget or connector is a new grant; the old one ends only where nothing follows.
      if wanted?.connector != issued.connector { services.revokeGrant(at: issued.connector) }
      if wanted == nil { slots[place].issued = nil }
    }
    // While nothing can be stored nobody is kept waiting for his cable: what happened is held in memory (DESIGN §4).
    guard slots[place].commitsUnderWay == 0 || services.isStoreFailing else { return }
    // Before a new grant, which the unlocking would end; and not from under a session that has begun there already.
    if let cable = slots[place].machine.cableToUnlock {
      slots[place].machine.cableToUnlock = nil
      if wanted?.connector != cable { services.unlock(cable, number: takeUnlockNumber()) }
    }
    if let wanted, wanted != slots[place].issued, slots[place].commitsUnderWay == 0 {
      lastGrantNumber &+= 1
      slots[place].issued = wanted
      slots[place].grantNumber = lastGrantNumber
      services.grant(
        EnergyGrant(number: lastGrantNumber, reason: wanted.reason, energyBudget: wanted.energyBudget),
        to: wanted.connector)
    }
    let picture = slots[place].notice?.feedback ?? slots[place].machine.feedback
    if slots[place].notice == nil { speak(to: user(at: place), at: place) }
    if slots[place].shown != picture {
      slots[place].shown = picture
      services.show(picture, at: slots[place].machine.evse)
    }
  }

  /// Shows something that passes: at once, whatever is being stored.
  func notify(_ feedback: DriverFeedback, at evse: EVSEID?) {
    guard let evse, let place = place(of: evse) else {
      speakEverywhere(to: answered)
      services.show(feedback, at: nil)
      return
    }
    // A question stays for as long as it can be open: its answer ends it.
    let open = feedback == .authorizing ? services.deviceModel.seconds(.messageTimeout) : .zero
    slots[place].notice = (feedback, services.now + open + Self.noticeTime)
    slots[place].shown = feedback
    speak(to: answered ?? user(at: place), at: place)
    services.show(feedback, at: evse)
  }

  func endNotice(at evse: EVSEID) {
    guard let place = place(of: evse) else { return }
    slots[place].notice = nil
  }
}
