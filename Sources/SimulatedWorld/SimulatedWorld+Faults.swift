import ChargerBase

extension SimulatedWorld {
  /// Begins or ends a fault at the places of its scope within `place`.
  mutating func set(_ fault: SimulatedFault, active: Bool, at place: FaultPlace) throws(WorldError) {
    let indices = try indices(of: place)
    if let part = fault.part, !has(part, at: place, among: indices) {
      let location = place.evse.map { "\($0)" } ?? "the station"
      throw WorldError(.badParameter("fault"), "\(fault.rawValue): \(location) has no \(part.rawValue)")
    }
    switch fault.scope {
    case .station: setAtStation(fault, active: active, at: place)
    case .evse:
      for index in indices where evses[index].has(fault.part) { evses[index].set(fault, active: active, at: now) }
    case .connector:
      for index in indices {
        for connector in evses[index].connectors.indices
        where isMeant(evses[index].connectors[connector], by: place)
          && evses[index].connectors[connector].has(fault.part)
        {
          evses[index].connectors[connector].set(fault, active: active, at: now)
        }
      }
    }
    tell(.fault(place, fault, active: active))
  }

  /// Whether some place of this station has the part that shows the fault.
  public func canShow(_ fault: SimulatedFault) -> Bool {
    guard let part = fault.part else { return true }
    return has(part, at: FaultPlace(), among: Array(evses.indices))
  }

  private func isMeant(_ connector: SimulatedConnector, by place: FaultPlace) -> Bool {
    place.connector == nil || place.connector == connector.id.number
  }

  private func has(_ part: SimulatedFault.Part, at place: FaultPlace, among indices: [Int]) -> Bool {
    switch part {
    case .lock, .proximity:
      indices.contains { evses[$0].connectors.contains { isMeant($0, by: place) && $0.has(part) } }
    case .keypad: !keypads.isEmpty
    case .mainMeter: mainMeter != nil
    case .startButton: startButtons.contains { isConcerned($0, at: place) }
    case .residualCurrentMonitor, .temperatureSensor, .signingMeter, .phaseSwitch, .parkingBay:
      indices.contains { evses[$0].has(part) }
    case .emergencyStop, .door, .tilt, .safetyContact:
      safetyContacts.contains { concerns(part, $0.configuration, at: place) }
    }
  }

  /// A place without an EVSE means every contact of the kind.
  private func concerns(_ part: SimulatedFault.Part, _ contact: WorldSafetyContact, at place: FaultPlace) -> Bool {
    guard place.evse == nil || contact.evse == place.evse else { return false }
    switch part {
    case .emergencyStop: return contact.kind == .emergencyStop
    case .door: return contact.kind == .door
    case .tilt: return contact.kind == .tilt
    default: return part == .safetyContact
    }
  }

  private func isConcerned(_ button: SimulatedStartButton, at place: FaultPlace) -> Bool {
    place.evse == nil || button.configuration.evse == place.evse
  }

  private mutating func setAtStation(_ fault: SimulatedFault, active: Bool, at place: FaultPlace) {
    switch fault {
    case .powerLoss: isPowerLost = active
    case .readerSilent:
      for index in readers.indices where place.evse.map({ readers[index].serves($0) }) ?? true {
        readers[index].isSilent = active
        if active { readers[index].waiting.removeAll() }
      }
    case .keypadSilent:
      for index in keypads.indices {
        keypads[index].isSilent = active
        if active { keypads[index].waiting = [] }
      }
    case .startButtonSilent:
      for index in startButtons.indices where isConcerned(startButtons[index], at: place) {
        startButtons[index].isSilent = active
        if active { startButtons[index].presses = 0 }
      }
    case .mainMeterSilent: mainMeter?.isSilent = active
    default:
      guard let part = fault.part else { return }
      for index in safetyContacts.indices where concerns(part, safetyContacts[index].configuration, at: place) {
        if fault == .safetyContactSilent {
          safetyContacts[index].isSilent = active
        } else {
          safetyContacts[index].isActivated = active
        }
      }
    }
  }

  private func indices(of place: FaultPlace) throws(WorldError) -> [Int] {
    guard let evse = place.evse else {
      guard place.connector == nil else {
        throw WorldError(.badParameter("evse"), "a connector needs its EVSE")
      }
      return Array(evses.indices)
    }
    if let connector = place.connector { _ = try known(ConnectorID(evse: evse, number: connector)) }
    return [try known(evse)]
  }
}

extension SimulatedEVSE {
  func has(_ part: SimulatedFault.Part?) -> Bool {
    switch part {
    case .residualCurrentMonitor: residualCurrent != nil
    case .temperatureSensor: !heat.isEmpty
    case .signingMeter: signing != nil
    case .phaseSwitch: phaseSwitch != nil
    case .parkingBay: parkingBay != nil
    default: true
    }
  }

  mutating func set(_ fault: SimulatedFault, active: Bool, at now: MonotonicInstant) {
    faults.removeAll { $0 == fault }
    if active { faults.append(fault) }
    // Product values: well outside the −10 %…+10 % of a public supply.
    let over = faults.contains(.overVoltage) ? Voltage(volts: 45) : .zero
    let under = faults.contains(.underVoltage) ? Voltage(volts: 55) : .zero
    meter.voltageShift = over - under
    meter.set(fault, active: active)
    residualCurrent?.setTestBroken(faults.contains(.residualCurrentTestFailure), at: now)
    residualCurrent?.isSticky = faults.contains(.residualCurrentSticks)
    phaseSwitch?.setStuck(faults.contains(.phaseSwitchStuck), at: now)
    signing?.fails = faults.contains(.signingFailure)
    signing?.isBusy = faults.contains(.signingBusy)
    signing?.isSlow = faults.contains(.signingSlow)
    signing?.isMute = faults.contains(.signingSilent)
  }
}

extension SimulatedConnector {
  func has(_ part: SimulatedFault.Part?) -> Bool {
    switch part {
    case .lock: lock != nil
    case .proximity: hasProximity
    default: true
    }
  }
}
