import ChargerBase
import HAL
import SimulatedWorld

final class SocketReader: TokenReader {
  let name: String
  private let world: SocketWorld
  private let slot: Int

  init(_ name: String, in world: SocketWorld) {
    self.name = name
    self.world = world
    slot = world.withSlots { slots in
      if let index = slots.readers.firstIndex(where: { $0.name == name }) { return index }
      slots.readers.append(WorldSlots.Reader(name: name))
      return slots.readers.count - 1
    }
  }

  func start(notify: @escaping @Sendable () -> Void) {
    world.withSlots { [slot] in $0.readers[slot].notify = notify }
  }

  func stop() { world.withSlots { [slot] in $0.readers[slot].notify = nil } }

  var health: DriverHealth {
    world.withSlots { [slot] in $0.readers[slot].silentSince.map { .silent(since: $0) } ?? .alive }
  }

  func takePresentedTokens() -> [PresentedToken] {
    world.withSlots { [slot] slots in
      defer { slots.readers[slot].waiting.removeAll() }
      return slots.readers[slot].waiting.elements
    }
  }
}

final class SocketLight: IndicatorLight {
  private let world: SocketWorld
  private let slot: Int

  init(_ evse: EVSEID, in world: SocketWorld) {
    self.world = world
    slot = world.withSlots { slots in
      if let index = slots.lights.firstIndex(where: { $0.evse == evse }) { return index }
      slots.lights.append(WorldSlots.Light(evse: evse))
      return slots.lights.count - 1
    }
  }

  func start(notify: @escaping @Sendable () -> Void) {}
  func stop() {}
  var health: DriverHealth { .alive }

  func show(_ pattern: LightPattern) {
    let isNew = world.withSlots { [slot] slots in
      guard slots.lights[slot].wish != pattern else { return false }
      slots.lights[slot].wish = pattern
      slots.lights[slot].isDirty = true
      return true
    }
    if isNew { world.wake() }
  }
}

final class SocketDisplay: ChoiceDisplay {
  private let world: SocketWorld

  init(in world: SocketWorld) { self.world = world }

  func start(notify: @escaping @Sendable () -> Void) { world.withSlots { $0.choice.notify = notify } }
  func stop() { world.withSlots { $0.choice.notify = nil } }
  var health: DriverHealth { .alive }

  func offer(_ items: [DisplayItem]) {
    let shown = items.prefix(DisplayItem.maximumCount).map { DisplayItem($0.meaning, String($0.text.prefix(64))) }
    world.withSlots { slots in
      slots.choice.wish = shown
      slots.choice.isDirty = true
      slots.choice.chosen.removeAll()
    }
    world.wake()
  }

  func takeChosen() -> [DisplayItem.Meaning] {
    world.withSlots { slots in
      defer { slots.choice.chosen.removeAll() }
      return slots.choice.chosen
    }
  }

  func show(lines: [String], evse: EVSEID?) {
    let shown = lines.prefix(4).map { String($0.prefix(64)) }
    world.withSlots { slots in
      let index = slots.lines.firstIndex { $0.evse == evse } ?? slots.lines.count
      if index == slots.lines.count { slots.lines.append(WorldSlots.Lines(evse: evse)) }
      slots.lines[index].wish = shown
      slots.lines[index].isDirty = true
    }
    world.wake()
  }
}
