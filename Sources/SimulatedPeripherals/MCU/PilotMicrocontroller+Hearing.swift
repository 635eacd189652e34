import ChargerBase

extension PilotMicrocontroller {
  mutating func takeFrame(_ stuffed: ArraySlice<UInt8>) {
    incomingFrames += 1
    if faults.contains(.frameLoss), incomingFrames % max(1, faultyEvery) == 0 { return }
    guard let frame = PilotWire.decode(stuffed) else {
      badFrames += 1
      for index in places.indices { places[index].errors |= 1 << 4 }
      return
    }
    switch frame.type {
    case 0x01: takeHello(frame)
    case 0x02: takeCommand(frame)
    default: break
    }
  }

  /// A greeting ends the session before: the station has begun anew, and has commanded nothing yet. The greeting that is
  /// said again, because its answer was late, keeps its session as long as nothing was commanded in it.
  private mutating func takeHello(_ frame: PilotWire.Frame) {
    guard frame.payload.count >= 2 else { return }
    let knowsNumbers = configuration.minor >= 1 && frame.payload.count >= 4
    let number = knowsNumbers ? UInt16(frame.payload[2]) + UInt16(frame.payload[3]) * 256 : 0
    let isSaidAgain = session != 0 && number != 0 && number == greeting
    if isSaidAgain, Int16(bitPattern: frame.sequence &- heardSequence) <= 0 { return }
    if !isSaidAgain || hasObeyed {
      endSession()
      greeting = number
      if frame.payload[0] == configuration.major {
        sessions = (sessions % 255) + 1
        session = (boot % 256) * 256 + sessions
        hasObeyed = false
      }
    }
    if session != 0 {
      heardSequence = frame.sequence
      heardAt = now
      for index in places.indices { places[index].accepted = frame.sequence }
    }
    identify()
  }

  private mutating func identify() {
    func milliseconds(_ duration: Duration) -> UInt16 { UInt16(clamping: duration.wholeMilliseconds) }
    var payload = [configuration.major, configuration.minor]
    payload += PilotWire.bytes(boot) + PilotWire.bytes(session) + [resetReason.rawValue]
    payload +=
      PilotWire.bytes(milliseconds(configuration.silence)) + PilotWire.bytes(milliseconds(configuration.opening))
    payload += [UInt8(clamping: configuration.connectors)] + PilotWire.bytes(configuration.parts)
    payload += [UInt8(clamping: configuration.temperatureSensors), 1, 0, 0]
    if configuration.minor >= 1 { payload += PilotWire.bytes(greeting) }
    send(0x81, payload)
    for index in places.indices { places[index].reportedAt = nil }
  }

  private mutating func takeCommand(_ frame: PilotWire.Frame) {
    let payload = frame.payload
    guard payload.count >= 11, session != 0, UInt16(payload[1]) + UInt16(payload[2]) * 256 == session else { return }
    let step = Int16(bitPattern: frame.sequence &- heardSequence)
    guard step > 0 else { return }
    let index = Int(payload[0]) - 1
    let duty = UInt16(payload[4]) + UInt16(payload[5]) * 256
    guard places.indices.contains(index), payload[3] <= 2, duty <= 10_000, payload[6] <= 1, payload[8] <= 1,
      payload[9] <= 1
    else { return }
    heardSequence = frame.sequence
    heardAt = now
    hasObeyed = true
    commands += 1
    places[index].accepted = frame.sequence
    let before = driven[index].pilot.kind
    switch payload[3] {
    case 0: driven[index].pilot = .steadyNegative
    case 1: driven[index].pilot = .steadyPositive
    default: driven[index].pilot = .pulseWidth(duty)
    }
    if driven[index].pilot.kind != before { places[index].peaksAreOld = true }
    places[index].wantsClosed = payload[6] == 1
    if !places[index].wantsClosed { places[index].mustSeeOpen = false }
    takeLockOrder(payload[7], isLocked: payload[8] == 1, at: index)
    driven[index].isTestCurrentOn = payload[9] == 1
    if let resets = places[index].resets, resets != payload[10] { driven[index].residualCurrentResets += 1 }
    places[index].resets = payload[10]
    places[index].isAnswerOwed = true
    watchOver(index)
  }

  private mutating func takeLockOrder(_ order: UInt8, isLocked: Bool, at index: Int) {
    guard order != places[index].lockOrder else { return }
    places[index].lockOrder = order
    guard order != 0 else { return }
    places[index].lockTarget = isLocked
    places[index].drivenSince = now
    driven[index].lockDrive = isLocked ? .locking : .unlocking
    moveLock(index)
  }

  // MARK: What it does by itself

  /// No sign of life from the station for its time: contactors open, state F.
  mutating func watchStation() {
    guard session != 0, now - heardAt >= configuration.silence else { return }
    endSession()
    for index in places.indices { places[index].errors |= 1 }
  }

  private mutating func endSession() {
    session = 0
    for index in places.indices {
      driven[index].pilot = .steadyNegative
      driven[index].isCoilOn = false
      driven[index].isTestCurrentOn = false
      places[index].wantsClosed = false
      places[index].mustSeeOpen = false
      places[index].lockOrder = 0
      places[index].resets = nil
      places[index].outsideSince = nil
    }
  }

  /// The coil follows the command unless there is a cause against it.
  mutating func watchOver(_ index: Int) {
    let isCharging = sensed[index].positivePeakMillivolts.map { (1_500...7_500).contains($0) } ?? false
    if isCharging {
      places[index].outsideSince = nil
    } else if places[index].outsideSince == nil {
      places[index].outsideSince = now
    }
    var cause: UInt16 = 0
    if let since = places[index].outsideSince, now - since >= .milliseconds(80) { cause |= 1 << 1 }
    if sensed[index].isTripped != false, configuration.parts & 8 != 0 { cause |= 1 << 2 }
    if sensed[index].isEmergencyStopActive != false, configuration.parts & 16 != 0 { cause |= 1 << 3 }
    if cause != 0, driven[index].isCoilOn {
      places[index].mustSeeOpen = true
      places[index].errors |= cause
    }
    driven[index].isCoilOn = session != 0 && places[index].wantsClosed && !places[index].mustSeeOpen && cause == 0
  }

  /// The drive loses its power at its end, and when its time is over.
  mutating func moveLock(_ index: Int) {
    guard driven[index].lockDrive != .off else { return }
    let isThere = sensed[index].isLocked == places[index].lockTarget
    let isOver = now - places[index].drivenSince >= configuration.longestDrive
    if isOver && !isThere { places[index].errors |= 1 << 8 }
    if isThere || isOver { driven[index].lockDrive = .off }
  }
}
