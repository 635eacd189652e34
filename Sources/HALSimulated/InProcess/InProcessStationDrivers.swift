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

final class InProcessDisplay: DriverDisplay {
  private let world: InProcessWorld

  init(in world: InProcessWorld) { self.world = world }

  func start(notify: @escaping @Sendable () -> Void) {}
  func stop() {}
  var health: DriverHealth { .alive }
  func show(lines: [String], evse: EVSEID?) { world.world.showLines(lines, of: evse) }
}
