import ChargerBase
import HAL
import SimulatedWorld

final class InProcessReader: TokenReader {
  let name: String
  private let world: InProcessWorld
  private var listener: UInt64?
  private var silentSince: MonotonicInstant?

  init(_ name: String, in world: InProcessWorld) {
    self.name = name
    self.world = world
  }

  deinit { stop() }

  func start(notify: @escaping @Sendable () -> Void) {
    stop()
    listener = world.listen { [weak self, world] in
      guard let self else { return }
      let isSilent = world.world.isReaderSilent(name)
      let wasSilent = silentSince != nil
      if isSilent != wasSilent { silentSince = isSilent ? world.now : nil }
      if isSilent != wasSilent || world.world.hasTokens(reader: name) { notify() }
    }
  }

  func stop() {
    if let listener { world.stopListening(listener) }
    listener = nil
  }

  var health: DriverHealth { silentSince.map { .silent(since: $0) } ?? .alive }

  func takePresentedTokens() -> [PresentedToken] { world.world.takeTokens(reader: name).map(PresentedToken.init) }
}

final class InProcessLight: IndicatorLight {
  private let evse: EVSEID
  private let world: InProcessWorld

  init(_ evse: EVSEID, in world: InProcessWorld) {
    self.evse = evse
    self.world = world
  }

  func start(notify: @escaping @Sendable () -> Void) {}
  func stop() {}
  var health: DriverHealth { .alive }
  func show(_ pattern: LightPattern) { world.world.showLight(pattern.words, of: evse) }
}

/// What drivers in process have in common: they look when something has been done in the world.
class InProcessWatcher {
  fileprivate let world: InProcessWorld
  private var listener: UInt64?
  fileprivate var silentSince: MonotonicInstant?

  fileprivate init(in world: InProcessWorld) { self.world = world }

  deinit { stop() }

  fileprivate var isSilent: Bool { false }
  fileprivate var hasNews: Bool { false }

  func start(notify: @escaping @Sendable () -> Void) {
    stop()
    listener = world.listen { [weak self] in
      guard let self else { return }
      let wasSilent = silentSince != nil
      if isSilent != wasSilent { silentSince = isSilent ? world.now : nil }
      if isSilent != wasSilent || hasNews { notify() }
    }
  }

  func stop() {
    if let listener { world.stopListening(listener) }
    listener = nil
  }

  var health: DriverHealth { silentSince.map { .silent(since: $0) } ?? .alive }
}

final class InProcessDisplay: InProcessWatcher, ChoiceDisplay {
  override init(in world: InProcessWorld) { super.init(in: world) }

  override fileprivate var hasNews: Bool { world.world.hasChosen }

  func show(lines: [String], evse: EVSEID?) { world.world.showLines(lines, of: evse) }

  func offer(_ items: [DisplayItem]) {
    world.world.offer(items.map { WorldChoice(name: $0.meaning.name, text: $0.text) })
  }

  func takeChosen() -> [DisplayItem.Meaning] { world.world.takeChosen().compactMap { DisplayItem.Meaning(name: $0) } }
}

final class InProcessKeypad: InProcessWatcher, Keypad {
  let name: String

  init(_ name: String, in world: InProcessWorld) {
    self.name = name
    super.init(in: world)
  }

  override fileprivate var isSilent: Bool { world.world.isKeypadSilent(name) }
  override fileprivate var hasNews: Bool { world.world.hasKeys(keypad: name) }

  func takeKeys() -> [KeypadKey] { world.world.takeKeys(keypad: name).compactMap { KeypadKey(legend: $0) } }
}

final class InProcessStartButton: InProcessWatcher, StartButton {
  private let evse: EVSEID?

  init(_ evse: EVSEID?, in world: InProcessWorld) {
    self.evse = evse
    super.init(in: world)
  }

  override fileprivate var isSilent: Bool { world.world.isStartButtonSilent(evse) }
  override fileprivate var hasNews: Bool { world.world.hasPresses(startButton: evse) }

  func takePresses() -> Int { world.world.takePresses(startButton: evse) }
}

final class InProcessParkingBaySensor: InProcessWatcher, ParkingBaySensor {
  private let evse: EVSEID
  private var last: ParkingBayReading?
  private var told: ParkingBayReading?

  init(_ evse: EVSEID, in world: InProcessWorld) {
    self.evse = evse
    super.init(in: world)
  }

  override fileprivate var isSilent: Bool { world.world.isParkingBaySilent(evse) }

  override fileprivate var hasNews: Bool {
    let reading = reading
    defer { told = reading }
    return reading != told
  }

  var reading: ParkingBayReading? {
    if let bay = world.world.parkingBay(of: evse) {
      last = ParkingBayReading(isOccupied: bay.isOccupied, since: bay.since)
    }
    return last
  }
}
