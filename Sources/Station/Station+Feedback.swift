import ChargerBase
import EVSEControl
import HAL
import OCPPCore
import OCPPTypes

/// What the driver at one EVSE is shown.
struct FeedbackPlace {
  let evse: EVSEID
  /// The engine's picture; nil before the first.
  var feedback: DriverFeedback?
  /// Those of the driver whom it is for.
  var languages: [String] = []
  /// What the station itself puts over it for a while: a code that is being typed, and what became of it.
  var overlay: (feedback: DriverFeedback, until: MonotonicInstant)?
  /// As shown last.
  var lines: [String]?
  var pattern: LightPattern?
  /// Of the transaction that is open, or was last.
  var energyWh: Decimal?
  var time: Duration?
  /// Since when the present picture stands: the vehicle that waits longest is served first.
  var since: MonotonicInstant = .zero

  var isFree: Bool { feedback == .available || feedback == nil }
}

/// What is told to whoever stands before the station, at no EVSE in particular.
struct StationNotice {
  var feedback: DriverFeedback
  var languages: [String]
  var until: MonotonicInstant
}

extension Station {
  /// How long a notice stays that nothing follows.
  static let noticeTime = Duration.seconds(5)
  /// A question to the CSMS is answered, or given up, by then.
  static let longestQuestion = Duration.seconds(60)
  /// Energy and time on the display move on this often.
  static let movingTextInterval = Duration.seconds(10)

  // MARK: From the engine

  func show(_ feedback: DriverFeedback, at evse: EVSEID) {
    guard let index = places.firstIndex(where: { $0.evse == evse }) else { return }
    // The driver whom a notice was for is found when a free EVSE is not free any more.
    let wasCovered = places[index].isFree
    if places[index].feedback != feedback { places[index].since = now }
    places[index].feedback = feedback
    noticeCodes(feedback, at: evse)
    if wasCovered, !places[index].isFree, let notice, notice.feedback == .plugIn || notice.feedback == .authorizing {
      endNotice()
    }
    present(index)
    keepTextsMoving()
  }

  /// Told at no EVSE: every one that is free shows it, and where none is, all do.
  func showEverywhere(_ feedback: DriverFeedback) {
    switch feedback {
    case .available:
      endNotice()
      return
    case .chooseWhatToStop(let evses):
      offer(evses)
      return
    case .plugIn: notice = StationNotice(feedback: feedback, languages: languages, until: .distantFuture)
    case .authorizing:
      notice = StationNotice(feedback: feedback, languages: languages, until: now + Self.longestQuestion)
    default: notice = StationNotice(feedback: feedback, languages: languages, until: now + Self.noticeTime)
    }
    noticeCodes(feedback, at: nil)
    presentAll()
  }

  func endNotice() {
    guard notice != nil else { return }
    notice = nil
    presentAll()
  }

  /// C16.FR.01: the list of what the holder of a master pass can end.
  private func offer(_ evses: [EVSEID]) {
    guard let display = display?.chooser else { return }
    guard !evses.isEmpty else {
      display.offer([])
      showOnStationArea([])
      return
    }
    var choices: [DisplayChoice] = evses.prefix(DisplayItem.maximumCount - 2).map { .evse($0) }
    choices += [.everyEVSE, .cancel]
    display.offer(choices.map { DisplayItem(Self.meaning($0), texts.choice($0, in: languages)) })
    showOnStationArea(texts.lines(for: .chooseWhatToStop(evses), DriverTexts.Values(), in: languages))
  }

  private static func meaning(_ choice: DisplayChoice) -> DisplayItem.Meaning {
    switch choice {
    case .evse(let evse): .evse(evse)
    case .everyEVSE: .everyEVSE
    case .cancel: .cancel
    }
  }

  static func choice(_ meaning: DisplayItem.Meaning) -> DisplayChoice {
    switch meaning {
    case .evse(let evse): .evse(evse)
    case .everyEVSE: .everyEVSE
    case .cancel: .cancel
    }
  }

  // MARK: On light and display

  func presentAll() {
    for index in places.indices { present(index) }
  }

  /// A fault is shown without asking the engine: the light must be right even when nothing above works.
  func refreshFaultLight(of evse: EVSEID) {
    guard let index = places.firstIndex(where: { $0.evse == evse }), places[index].feedback != nil else { return }
    present(index)
  }

  func present(_ index: Int) {
    let place = places[index]
    let faults = snapshots.reduce(into: FaultSet()) { if $1.connector.evse == place.evse { $0.formUnion($1.faults) } }
    let worst = FaultCatalogue.entries(of: faults).first.map { DriverFeedback.faulted($0.text) }
    let isCovered = place.isFree || !places.contains { $0.isFree }
    let noticed = isCovered ? notice : nil
    guard let feedback = worst ?? place.overlay?.feedback ?? noticed?.feedback ?? place.feedback else { return }
    let pattern = lightPattern(feedback)
    if pattern != place.pattern {
      places[index].pattern = pattern
      evses.first { $0.id == place.evse }?.light?.show(pattern)
    }
    guard let display else { return }
    takeSessionValues(index)
    let values = DriverTexts.Values(
      evse: place.evse, energyWh: places[index].energyWh, time: places[index].time)
    let lines = texts.lines(
      for: feedback, values,
      in: worst == nil && place.overlay == nil ? noticed?.languages ?? place.languages : place.languages)
    guard lines != place.lines else { return }
    places[index].lines = lines
    display.show(lines: lines, evse: place.evse)
  }

  private func takeSessionValues(_ index: Int) {
    switch places[index].feedback {
    case .available, .presentToken, .plugIn, .none:
      (places[index].energyWh, places[index].time) = (nil, nil)
    default:
      guard let session = chargePoint?.openTransaction(at: places[index].evse) else { return }
      (places[index].energyWh, places[index].time) = (session.energyWh, session.duration)
    }
  }

  func showOnStationArea(_ lines: [String]) {
    guard lines != stationLines else { return }
    stationLines = lines
    display?.show(lines: lines, evse: nil)
  }

  // MARK: Time

  /// When something that is shown must change by itself.
  var feedbackDeadline: MonotonicInstant {
    var deadline = min(textsMoveAt, notice?.until ?? .distantFuture)
    // Asked at every turn: a pointer's element is read where it lies, an array's would be copied.
    places.withUnsafeBufferPointer { places in
      guard let first = places.baseAddress else { return }
      for place in places.indices {
        if let until = first[place].overlay?.until { deadline = min(deadline, until) }
      }
    }
    return min(deadline, stationOverlayUntil)
  }

  func advanceFeedback() {
    guard feedbackDeadline <= now else { return }
    if let notice, notice.until <= now { endNotice() }
    if stationOverlayUntil <= now {
      stationOverlayUntil = .distantFuture
      showOnStationArea([])
    }
    for index in places.indices {
      guard let overlay = places[index].overlay, overlay.until <= now else { continue }
      places[index].overlay = nil
      present(index)
    }
    guard textsMoveAt <= now else { return }
    textsMoveAt = .distantFuture
    for index in places.indices where isMoving(index) { present(index) }
    keepTextsMoving()
  }

  private func isMoving(_ index: Int) -> Bool {
    guard let feedback = places[index].feedback, chargePoint?.transactionID(at: places[index].evse) != nil else {
      return false
    }
    return texts.isMoving(feedback, in: places[index].languages)
  }

  private func keepTextsMoving() {
    guard display != nil, textsMoveAt == .distantFuture, places.indices.contains(where: isMoving) else { return }
    textsMoveAt = now + Self.movingTextInterval
  }
}
