import ChargerBase

extension PilotMicrocontroller {
  /// Sends a status when something has changed, a command is to be confirmed, or it is time.
  mutating func tell(_ index: Int) {
    let state = state(of: index)
    // Whoever holds it learns of the new pilot now, and measures under it from the next time on.
    defer { places[index].peaksAreOld = false }
    let isDue = places[index].reportedAt.map { now - $0 >= configuration.statusInterval } ?? true
    guard isDue || places[index].isAnswerOwed || isNews(state, since: places[index].reported) else { return }
    places[index].reported = state
    places[index].reportedAt = now
    places[index].isAnswerOwed = false
    var payload = [UInt8(clamping: index + 1)]
    payload += PilotWire.bytes(boot) + PilotWire.bytes(session)
    payload += PilotWire.bytes(UInt32(truncatingIfNeeded: (now.nanoseconds - bootedAt.nanoseconds) / 1_000))
    payload += PilotWire.bytes(places[index].accepted)
    payload += state
    places[index].errors &= ~UInt16(1 << 4)
    send(0x82, payload)
  }

  /// Anything but the noise of a voltage or a resistance.
  private func isNews(_ new: [UInt8], since old: [UInt8]) -> Bool {
    guard new.count == old.count else { return true }
    func word(_ bytes: [UInt8], _ place: Int) -> Int {
      Int(Int16(bitPattern: UInt16(bytes[place]) + UInt16(bytes[place + 1]) * 256))
    }
    for place in [0, 2] where abs(word(new, place) - word(old, place)) >= 300 { return true }
    return new[4...] != old[4...]
  }

  /// A status from its peaks on.
  private func state(of index: Int) -> [UInt8] {
    let sensed = sensed[index]
    let isRubbish = faults.contains(.rubbishMeasurements)
    func millivolts(_ value: Int?) -> [UInt8] {
      PilotWire.bytes(UInt16(bitPattern: isRubbish ? 31_111 : value.map { Int16(clamping: $0) } ?? .min))
    }
    func contact(_ value: Bool?) -> UInt8 { isRubbish ? 7 : value.map { $0 ? 1 : 0 } ?? 0xFF }
    let peaks =
      places[index].peaksAreOld ? (nil, nil) : (sensed.positivePeakMillivolts, sensed.negativePeakMillivolts)
    var bytes = millivolts(peaks.0) + millivolts(peaks.1)
    bytes.append(driven[index].pilot.kind)
    if case .pulseWidth(let duty) = driven[index].pilot { bytes += PilotWire.bytes(duty) } else { bytes += [0, 0] }
    bytes += [driven[index].isCoilOn ? 1 : 0, contact(sensed.isAuxiliaryContactClosed)]
    bytes += [driven[index].lockDrive.rawValue, contact(sensed.isLocked)]
    let ohms: UInt16 =
      switch sensed.proximity {
      case nil: 65_534
      case .open: 65_535
      case .ohms(let ohms): UInt16(clamping: min(max(ohms, 0), 65_000))
      }
    bytes += PilotWire.bytes(isRubbish ? 65_534 : ohms)
    bytes += [contact(sensed.isTripped), driven[index].isTestCurrentOn ? 1 : 0]
    bytes += PilotWire.bytes(sensed.residualCurrent.map { UInt16(clamping: min($0, 65_534)) } ?? 65_535)
    let inputs = [
      sensed.isEmergencyStopActive, sensed.isDoorOpen, sensed.isTilted, sensed.isMainsMissing,
    ]
    var (active, readable): (UInt8, UInt8) = (0, 0)
    for (bit, input) in inputs.enumerated() where !isRubbish && configuration.parts >> (4 + bit) & 1 == 1 {
      guard let input else { continue }
      readable |= 1 << bit
      if input { active |= 1 << bit }
    }
    bytes += [active, readable] + PilotWire.bytes(places[index].errors)
    bytes.append(UInt8(clamping: sensed.temperatures.count))
    for tenths in sensed.temperatures {
      bytes += PilotWire.bytes(UInt16(bitPattern: isRubbish ? 9_999 : tenths.map { Int16(clamping: $0) } ?? .min))
    }
    return bytes
  }

  mutating func send(_ type: UInt8, _ payload: [UInt8]) {
    sequence &+= 1
    outgoing.append(PilotWire.encode(PilotWire.Frame(type: type, sequence: sequence, payload: payload)))
  }

  /// What is sent now, with what the line does to it.
  mutating func takeOutgoing() -> [UInt8] {
    defer { outgoing = [] }
    guard !outgoing.isEmpty else { return [] }
    lastSent = outgoing[outgoing.count - 1]
    lastSentAt = now
    guard !faults.contains(.silent) else { return [] }
    var bytes: [UInt8] = []
    for var frame in outgoing {
      outgoingFrames += 1
      let isHit = outgoingFrames % max(1, faultyEvery) == 0
      if isHit, faults.contains(.frameLoss) { continue }
      if isHit, faults.contains(.badChecksum) { frame[frame.count / 2] ^= frame[frame.count / 2] == 0x10 ? 0x11 : 0x10 }
      if faults.contains(.garbage) { bytes += [0x55, 0xFF, 0x00, 0x07, 0x01, 0x00] }
      if isHit, faults.contains(.reorderedFrames), held == nil {
        held = frame
        continue
      }
      bytes += frame
      if isHit, faults.contains(.duplicatedFrames) { bytes += frame }
      if let late = held {
        bytes += late
        held = nil
      }
    }
    return bytes
  }
}
