import ChargerBase
import HAL
import OCPPCore
import OCPPTypes

/// A keypad and what is being typed on it.
struct KeypadPlace {
  let hardware: KeypadHardware
  var entry: CodeEntry
  var codes = CodeGuard()
}

struct ParkingBayPlace {
  let evse: EVSEID
  let sensor: any ParkingBaySensor
  var filter: ParkingBayFilter
}

/// What people do at the post, as facts for the engine.
extension Station {
  /// Starts the readers, lights, display and whatever else people touch; `readersChanged` is called from any thread when
  /// one of them has something new.
  public func startDrivers(readersChanged: @escaping @Sendable () -> Void) {
    for place in evses { place.light?.start(notify: {}) }
    display?.start(notify: readersChanged)
    for part in watched { part.driver.start(notify: readersChanged) }
  }

  public func stopDrivers() {
    for part in watched { part.driver.stop() }
    for place in evses { place.light?.stop() }
    display?.stop()
  }

  static func watchedParts(of hardware: StationHardware) -> [WatchedPart] {
    func only(_ evses: [EVSEID]?) -> EVSEID? { evses.flatMap { $0.count == 1 ? $0.first : nil } }
    var parts = hardware.readers.map {
      WatchedPart(part: .reader, evse: only($0.evses), serves: $0.evses, name: $0.reader.name, driver: $0.reader)
    }
    parts += hardware.keypads.map {
      WatchedPart(part: .keypad, evse: only($0.evses), serves: $0.evses, name: $0.keypad.name, driver: $0.keypad)
    }
    parts += hardware.startButtons.map {
      WatchedPart(part: .startButton, evse: $0.evse, serves: $0.evse.map { [$0] }, name: nil, driver: $0.button)
    }
    for evse in hardware.evses {
      guard let bay = evse.parkingBay else { continue }
      parts.append(WatchedPart(part: .parkingBay, evse: evse.id, serves: [evse.id], name: nil, driver: bay.sensor))
    }
    if let meter = hardware.mainMeter {
      // No driver misses it.
      parts.append(WatchedPart(part: .mainMeter, evse: nil, serves: [], name: nil, driver: MainMeter(meter)))
    }
    return parts
  }

  /// A reader, or another part that people touch, has something new: each thing goes to the engine once. To be called
  /// once the engine runs, too: bays may be occupied already, and parts silent.
  public func readersNotified(at now: MonotonicInstant) {
    self.now = now
    for place in readers {
      for token in place.reader.takePresentedTokens() {
        let idToken = IdToken(idToken: token.value, type: Self.idTokenKind(token.kind))
        tell(
          .tokenPresented(
            PresentedIdToken(idToken: idToken, reader: place.reader.name), evses: token.evses ?? place.evses))
      }
    }
    for index in keypads.indices {
      for key in keypads[index].hardware.keypad.takeKeys() { press(key, on: index) }
    }
    for place in startButtons where place.button.takePresses() > 0 { startPressed(place.evse) }
    if let display = display?.chooser {
      for meaning in display.takeChosen() {
        // The list has done its work, whatever the choice is.
        display.offer([])
        showOnStationArea([])
        tell(.chosenOnDisplay(Self.choice(meaning), now))
      }
    }
    watchBays()
    watchHealth()
  }

  // MARK: Start buttons

  /// The button of the whole station starts where a vehicle has waited longest, else at the first free EVSE.
  private func startPressed(_ evse: EVSEID?) {
    if let evse { return tell(.startPressed(evse, now)) }
    let waiting = places.filter { $0.feedback == .presentToken }.min { $0.since < $1.since }
    guard let place = waiting ?? places.first(where: \.isFree) ?? places.first else { return }
    tell(.startPressed(place.evse, now))
  }

  // MARK: Keypads

  private func press(_ key: KeypadKey, on index: Int) {
    guard !keypads[index].codes.isClosed(at: now) else {
      return overlay(.rejected(.notAtThisTime), until: now + Self.noticeTime, on: index)
    }
    switch keypads[index].entry.press(key, at: now) {
    case .nothing: break
    case .typing(let count): overlay(.enteringCode(count), until: .distantFuture, on: index)
    case .cleared: overlay(nil, until: .distantFuture, on: index)
    case .noCode: overlay(.rejected(.invalid), until: now + Self.noticeTime, on: index)
    case .code(let code):
      overlay(nil, until: .distantFuture, on: index)
      keypads[index].codes.gaveOut()
      let place = keypads[index].hardware
      tell(
        .tokenPresented(
          PresentedIdToken(idToken: IdToken(idToken: code, type: .keyCode), reader: place.keypad.name),
          evses: place.evses))
    }
  }

  /// Shown where the keypad belongs: at its one EVSE, else on the whole station's part of the display.
  private func overlay(_ feedback: DriverFeedback?, until: MonotonicInstant, on index: Int) {
    guard let only = keypads[index].hardware.evses, only.count == 1,
      let place = places.firstIndex(where: { $0.evse == only.first })
    else {
      stationOverlayUntil = feedback == nil ? .distantFuture : until
      return showOnStationArea(feedback.map { texts.lines(for: $0, DriverTexts.Values(), in: []) } ?? [])
    }
    places[place].overlay = feedback.map { ($0, until) }
    present(place)
  }

  /// What the engine shows tells whether a code was good.
  func noticeCodes(_ feedback: DriverFeedback, at evse: EVSEID?) {
    for index in keypads.indices {
      if let evse, let served = keypads[index].hardware.evses, !served.contains(evse) { continue }
      switch feedback {
      case .rejected: keypads[index].codes.refused(at: now)
      case .accepted, .plugIn, .preparing, .charging, .suspendedByVehicle, .suspendedByStation, .finished:
        keypads[index].codes.accepted()
      default: break
      }
    }
  }

  // MARK: Bays and health

  private func watchBays() {
    for index in bays.indices where bays[index].sensor.health == .alive {
      guard let isOccupied = bays[index].filter.take(bays[index].sensor.reading, at: now) else { continue }
      let evse = bays[index].evse
      outlet?.noted(
        StationEvent(
          kind: "connector", evse: evse,
          text: isOccupied ? "Something stands in the parking bay." : "The parking bay is free."))
      tell(.parkingBay(evse, occupied: isOccupied, at: now))
    }
  }

  /// A part that has fallen silent, or speaks again, is a problem of its EVSE or of the station.
  func watchHealth() {
    for index in watched.indices {
      let isSilent = watched[index].driver.health != .alive
      guard isSilent != watched[index].isSilent else { continue }
      let (part, evse) = (watched[index].part, watched[index].evse)
      let others = watched.indices.contains {
        $0 != index && watched[$0].part == part && watched[$0].evse == evse && watched[$0].isSilent
      }
      watched[index].isSilent = isSilent
      let name = watched[index].name.map { " (\($0))" } ?? ""
      outlet?.noted(
        StationEvent(
          kind: "fault", evse: evse,
          text: isSilent ? "\(part.code)\(name): \(part.text)" : "The fault \(part.code)\(name) is gone."))
      guard !others else { continue }
      tell(
        .fault(
          evse.map { ConnectorID(evse: $0, number: 0) }, part.fault(tier: evse == nil ? .station : .evse),
          active: isSilent, at: now))
    }
  }

  /// Why a driver at this EVSE may find something at the post that does not work.
  func postReasons(at evse: EVSEID) -> [EnergyReason] {
    PostPart.allCases.compactMap { part in
      let silent = watched.filter { $0.part == part && $0.isSilent && ($0.serves?.contains(evse) ?? true) }
      return silent.isEmpty ? nil : part.reason(silent.compactMap(\.name))
    }
  }

  var postDeadline: MonotonicInstant {
    var deadline = MonotonicInstant.distantFuture
    for index in keypads.indices { deadline = min(deadline, keypads[index].entry.expiresAt) }
    for index in bays.indices { deadline = min(deadline, bays[index].filter.deadline) }
    return min(deadline, mainMeter?.nextService ?? .distantFuture)
  }

  func advancePost() {
    guard postDeadline <= now else { return }
    for index in keypads.indices where keypads[index].entry.expire(at: now) {
      overlay(nil, until: .distantFuture, on: index)
    }
    watchBays()
    readMainMeter()
  }
}
