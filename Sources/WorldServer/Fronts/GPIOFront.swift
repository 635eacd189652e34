import ChargerBase
import SimulatedWorld

/// The world on the lines of a gpio-sim chip: coils, drives and lamps are read from its outputs, contacts are pulls on
/// its inputs.
final class GPIOFront: WorldFront {
  /// gpio-sim tells nobody that an output has changed: its lines are read this often.
  static let interval = Duration.milliseconds(4)
  /// A program that asks for a bias moves gpio-sim's own pull: what the contact does is stronger, and is put back this
  /// often.
  static let reassertInterval = Duration.milliseconds(40)
  /// A pressed button stays down for so long, and up as long before the next press.
  static let press = Duration.milliseconds(150)

  private let configuration: GPIOFrontConfiguration
  /// False: something else, a companion controller, keeps the coils without voltage.
  private let coilsHaveSupply: () -> Bool
  private var chip: GPIOSimulator?
  private(set) var nextInstant = MonotonicInstant.zero
  private var reassertAt = MonotonicInstant.zero
  /// What each line last showed, active or not; nil before the first look.
  private var shown: [Bool?]
  private var presses: [Presses]

  private struct Presses {
    var waiting = 0
    var isDown = false
    var changesAt = MonotonicInstant.zero
  }

  init(_ configuration: GPIOFrontConfiguration, coilsHaveSupply: @escaping () -> Bool = { true }) {
    self.configuration = configuration
    self.coilsHaveSupply = coilsHaveSupply
    shown = Array(repeating: nil, count: configuration.lines.count)
    presses = Array(repeating: Presses(), count: configuration.lines.count)
  }

  func open() throws {
    let chip = try GPIOSimulator(label: configuration.chip, lines: configuration.lines.map(\.name))
    self.chip = chip
    // What nobody drives rests at its inactive level, as a board's resistors have it.
    for (number, line) in configuration.lines.enumerated() where line.role.isOutput {
      chip.pull(number, up: line.isInverted)
    }
  }

  func close() {
    chip?.remove()
    chip = nil
  }

  var faults: [WireFault] { [] }

  func set(_ fault: WireFault, active: Bool, evse: EVSEID?) {}

  func step(_ world: inout SimulatedWorld, at now: MonotonicInstant) {
    guard let chip else { return }
    if nextInstant <= now {
      nextInstant = now + Self.interval
      readOutputs(of: chip, into: &world)
    }
    let reasserts = reassertAt <= now
    if reasserts { reassertAt = now + Self.reassertInterval }
    for (number, line) in configuration.lines.enumerated() where !line.role.isOutput {
      if reasserts, let isActive = shown[number], chip.level(number) != (isActive != line.isInverted) {
        chip.pull(number, up: isActive != line.isInverted)
      }
      guard let isActive = line.role == .pressed ? isPressed(number, line, &world, now) : input(line, in: world),
        isActive != shown[number]
      else { continue }
      shown[number] = isActive
      chip.pull(number, up: isActive != line.isInverted)
    }
  }

  // MARK: What the station drives

  private func readOutputs(of chip: GPIOSimulator, into world: inout SimulatedWorld) {
    var hasChanged = false
    for (number, line) in configuration.lines.enumerated() where line.role.isOutput {
      guard let level = chip.level(number) else { continue }
      let isActive = level != line.isInverted
      guard isActive != shown[number] else { continue }
      shown[number] = isActive
      hasChanged = true
      apply(line, isActive, to: &world)
    }
    // The companion controller may have taken or given the coils their supply meanwhile.
    commandContactors(in: &world)
    if hasChanged { showLights(in: &world) }
  }

  private func apply(_ line: GPIOFrontConfiguration.Line, _ isActive: Bool, to world: inout SimulatedWorld) {
    switch line.role {
    case .lockDrive:
      if isActive, let place = line.place { world.commandLock(locked: true, of: place) }
    case .unlockDrive:
      if isActive, let place = line.place { world.commandLock(locked: false, of: place) }
    case .testCurrent:
      if let evse = line.evse { world.setTestCurrent(isActive, of: evse) }
    case .resetResidualCurrent:
      if isActive, let evse = line.evse { world.resetResidualCurrent(of: evse) }
    case .preCharge:
      if let place = line.place { world.setPreCharge(closed: isActive, of: place) }
    case .phaseRelay:
      if let evse = line.evse { world.commandPhases(isActive ? 3 : 1, of: evse) }
    default: break
    }
  }

  private func commandContactors(in world: inout SimulatedWorld) {
    for line in configuration.lines where line.role == .coil {
      guard let place = line.place else { continue }
      func isActive(_ role: GPIOFrontConfiguration.Role) -> Bool? {
        guard let number = configuration.lines.firstIndex(where: { $0.role == role && $0.place == place }) else {
          return nil
        }
        return shown[number] ?? false
      }
      let pulled = isActive(.coil) == true && isActive(.secondCoil) != false
      let power: CoilPower =
        !coilsHaveSupply() ? .off : pulled ? .full : isActive(.holdCoil) == true ? .holding : .off
      if world.coilPower(of: place) != power { world.supplyCoil(power, of: place) }
    }
  }

  private func showLights(in world: inout SimulatedWorld) {
    for evse in world.configuration.evses {
      let lamps = configuration.lines.enumerated().filter { number, line in
        line.evse == evse.id && [.red, .green, .blue, .white].contains(line.role)
      }
      guard !lamps.isEmpty else { continue }
      let lit = lamps.filter { shown[$0.offset] == true }.map(\.element.role.rawValue)
      world.showLight(lit.isEmpty ? "off" : lit.joined(separator: "+"), of: evse.id)
    }
  }

  // MARK: What the station reads

  /// Nil where the world has no such part, or it is silent: the line stays as it is.
  private func input(_ line: GPIOFrontConfiguration.Line, in world: SimulatedWorld) -> Bool? {
    switch line.role {
    case .contactClosed: line.place.flatMap { world.isContactorClosed(of: $0) }
    case .locked: line.place.flatMap { world.isLockEngaged(of: $0) }
    case .tripped: line.evse.flatMap { world.isResidualCurrentTripped(of: $0) }
    case .monitorFault: line.evse.map { world.isResidualCurrentTripped(of: $0) == nil }
    case .threePhases: line.evse.flatMap { world.connectedPhases(of: $0) }.map { $0 == 3 }
    case .occupied: line.evse.flatMap { world.parkingBay(of: $0) }?.isOccupied
    case .emergencyStop: world.safetyContact(.emergencyStop, of: line.evse)
    case .door: world.safetyContact(.door, of: line.evse)
    case .tilt: world.safetyContact(.tilt, of: line.evse)
    case .mainsLoss: world.safetyContact(.mainsLoss, of: line.evse)
    default: nil
    }
  }

  private func isPressed(
    _ number: Int, _ line: GPIOFrontConfiguration.Line, _ world: inout SimulatedWorld, _ now: MonotonicInstant
  ) -> Bool? {
    if world.hasPresses(startButton: line.evse) {
      presses[number].waiting = min(16, presses[number].waiting + world.takePresses(startButton: line.evse))
    }
    guard presses[number].changesAt <= now else { return presses[number].isDown }
    if presses[number].isDown {
      presses[number].isDown = false
      presses[number].changesAt = now + Self.press
    } else if presses[number].waiting > 0 {
      presses[number].waiting -= 1
      presses[number].isDown = true
      presses[number].changesAt = now + Self.press
    }
    return presses[number].isDown
  }
}
