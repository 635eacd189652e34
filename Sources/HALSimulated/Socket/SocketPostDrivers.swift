import ChargerBase
import HAL
import JSONRPC
import OCPPJSON

// Keypads, start buttons, bay sensors and the list on the display, behind the world's socket.

extension WorldSlots {
  struct Pad {
    let name: String
    var waiting = KeypadBuffer()
    var silentSince: MonotonicInstant?
    var notify: (@Sendable () -> Void)?
  }

  struct Button {
    static let capacity = 16
    let evse: EVSEID?
    var presses = 0
    var silentSince: MonotonicInstant?
    var notify: (@Sendable () -> Void)?
  }

  struct Bay {
    let evse: EVSEID
    var reading: ParkingBayReading?
    var silentSince: MonotonicInstant?
    var notify: (@Sendable () -> Void)?
  }

  struct Choice {
    static let capacity = 4
    var wish: [DisplayItem] = []
    var isDirty = false
    var chosen: [DisplayItem.Meaning] = []
    var notify: (@Sendable () -> Void)?
  }

  mutating func takeOffer() -> JSONRPCMessage? {
    guard choice.isDirty else { return nil }
    choice.isDirty = false
    let items: [JSONValue] = choice.wish.map { ["item": .string($0.meaning.name), "text": .string($0.text)] }
    return .notification(method: "driver.choices", params: ["items": .array(items)])
  }

  /// Keys, presses and choices; answers whom to notify.
  mutating func takePost(_ method: String, _ params: JSONValue) -> [@Sendable () -> Void] {
    switch method {
    case "driver.keys":
      guard let name = params["keypad"]?.string, let index = keypads.firstIndex(where: { $0.name == name }) else {
        return []
      }
      for legend in (params["keys"]?.string ?? "").utf8 {
        if let key = KeypadKey(legend: legend) { keypads[index].waiting.append(key) }
      }
      return keypads[index].notify.map { [$0] } ?? []
    case "driver.startPressed":
      let evse = params["evse"]?.int32.map { EVSEID($0) }
      guard let index = startButtons.firstIndex(where: { $0.evse == evse }) else { return [] }
      let presses = (params["presses"]?.int ?? 1).clamped(to: 0...Button.capacity)
      startButtons[index].presses = min(Button.capacity, startButtons[index].presses + presses)
      return startButtons[index].notify.map { [$0] } ?? []
    default:
      guard let meaning = params["item"]?.string.flatMap({ DisplayItem.Meaning(name: $0) }),
        choice.wish.contains(where: { $0.meaning == meaning })
      else { return [] }
      if choice.chosen.count >= Choice.capacity { choice.chosen.removeFirst() }
      choice.chosen.append(meaning)
      return choice.notify.map { [$0] } ?? []
    }
  }

  mutating func takePostReadings(_ params: JSONValue, at now: MonotonicInstant) -> [@Sendable () -> Void] {
    var notifications: [@Sendable () -> Void] = []
    for value in params["parkingBays"]?.array ?? [] {
      guard let evse = value["evse"]?.int32.map({ EVSEID($0) }), let isOccupied = value["occupied"]?.bool,
        let index = parkingBays.firstIndex(where: { $0.evse == evse }),
        parkingBays[index].reading?.isOccupied != isOccupied
      else { continue }
      parkingBays[index].reading = ParkingBayReading(isOccupied: isOccupied, since: now)
      if let notify = parkingBays[index].notify { notifications.append(notify) }
    }
    let silentKeypads = params["silentKeypads"]?.array?.compactMap(\.string) ?? []
    let silentButtons = params["silentStartButtons"]?.array?.map { $0.int32.map { EVSEID($0) } } ?? []
    let silentBays = params["silentParkingBays"]?.array?.compactMap { $0.int32.map { EVSEID($0) } } ?? []
    for index in keypads.indices {
      let isSilent = silentKeypads.contains(keypads[index].name)
      Self.hear(isSilent, &keypads[index].silentSince, keypads[index].notify, now, &notifications)
    }
    for index in startButtons.indices {
      let isSilent = silentButtons.contains(startButtons[index].evse)
      Self.hear(isSilent, &startButtons[index].silentSince, startButtons[index].notify, now, &notifications)
    }
    for index in parkingBays.indices {
      let isSilent = silentBays.contains(parkingBays[index].evse)
      Self.hear(isSilent, &parkingBays[index].silentSince, parkingBays[index].notify, now, &notifications)
    }
    return notifications
  }

  /// The world is gone, and every part with it. What was typed half is forgotten.
  mutating func silencePost(since now: MonotonicInstant) -> [@Sendable () -> Void] {
    var notifications: [@Sendable () -> Void] = []
    for index in keypads.indices {
      keypads[index].waiting.removeAll()
      Self.hear(true, &keypads[index].silentSince, keypads[index].notify, now, &notifications)
    }
    for index in startButtons.indices {
      Self.hear(true, &startButtons[index].silentSince, startButtons[index].notify, now, &notifications)
    }
    for index in parkingBays.indices {
      Self.hear(true, &parkingBays[index].silentSince, parkingBays[index].notify, now, &notifications)
    }
    return notifications
  }

  private static func hear(
    _ isSilent: Bool, _ since: inout MonotonicInstant?, _ notify: (@Sendable () -> Void)?, _ now: MonotonicInstant,
    _ notifications: inout [@Sendable () -> Void]
  ) {
    guard isSilent != (since != nil) else { return }
    since = isSilent ? now : nil
    if let notify { notifications.append(notify) }
  }
}

final class SocketKeypad: Keypad {
  let name: String
  private let world: SocketWorld
  private let slot: Int

  init(_ name: String, in world: SocketWorld) {
    self.name = name
    self.world = world
    slot = world.withSlots { slots in
      if let index = slots.keypads.firstIndex(where: { $0.name == name }) { return index }
      slots.keypads.append(WorldSlots.Pad(name: name))
      return slots.keypads.count - 1
    }
  }

  func start(notify: @escaping @Sendable () -> Void) { world.withSlots { [slot] in $0.keypads[slot].notify = notify } }
  func stop() { world.withSlots { [slot] in $0.keypads[slot].notify = nil } }

  var health: DriverHealth {
    world.withSlots { [slot] in $0.keypads[slot].silentSince.map { .silent(since: $0) } ?? .alive }
  }

  func takeKeys() -> [KeypadKey] { world.withSlots { [slot] in $0.keypads[slot].waiting.take() } }
}

final class SocketStartButton: StartButton {
  private let world: SocketWorld
  private let slot: Int

  init(_ evse: EVSEID?, in world: SocketWorld) {
    self.world = world
    slot = world.withSlots { slots in
      if let index = slots.startButtons.firstIndex(where: { $0.evse == evse }) { return index }
      slots.startButtons.append(WorldSlots.Button(evse: evse))
      return slots.startButtons.count - 1
    }
  }

  func start(notify: @escaping @Sendable () -> Void) {
    world.withSlots { [slot] in $0.startButtons[slot].notify = notify }
  }

  func stop() { world.withSlots { [slot] in $0.startButtons[slot].notify = nil } }

  var health: DriverHealth {
    world.withSlots { [slot] in $0.startButtons[slot].silentSince.map { .silent(since: $0) } ?? .alive }
  }

  func takePresses() -> Int {
    world.withSlots { [slot] slots in
      defer { slots.startButtons[slot].presses = 0 }
      return slots.startButtons[slot].presses
    }
  }
}

final class SocketParkingBaySensor: ParkingBaySensor {
  private let world: SocketWorld
  private let slot: Int

  init(_ evse: EVSEID, in world: SocketWorld) {
    self.world = world
    slot = world.withSlots { slots in
      if let index = slots.parkingBays.firstIndex(where: { $0.evse == evse }) { return index }
      slots.parkingBays.append(WorldSlots.Bay(evse: evse))
      return slots.parkingBays.count - 1
    }
  }

  func start(notify: @escaping @Sendable () -> Void) {
    world.withSlots { [slot] in $0.parkingBays[slot].notify = notify }
  }

  func stop() { world.withSlots { [slot] in $0.parkingBays[slot].notify = nil } }

  var health: DriverHealth {
    world.withSlots { [slot] in $0.parkingBays[slot].silentSince.map { .silent(since: $0) } ?? .alive }
  }

  var reading: ParkingBayReading? { world.withSlots { [slot] in $0.parkingBays[slot].reading } }
}
