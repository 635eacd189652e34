import ChargerBase

// The device model's variables as the state machines use them.

extension SessionController {
  package func variableChanged(at place: Int) {
    if settingsPlaces.contains(place) { settingsChanged() }
  }

  package func settingsChanged() {
    let former = settings
    loadSettings()
    let hasOtherIntervals =
      former.updatedInterval != settings.updatedInterval || former.endedInterval != settings.endedInterval
    guard hasOtherIntervals || former.startPoints != settings.startPoints else { return }
    for slot in slots {
      run(slot.machine.evse) { machine, context in
        if hasOtherIntervals { machine.intervalsChanged(context) }
        return []
      }
    }
  }

  func loadSettings() {
    let model = services.deviceModel
    var places: [Int] = []
    func text(_ key: VariableKey) -> String? {
      guard let place = model.place(of: key) else { return nil }
      places.append(place)
      return model.text(at: place)
    }
    settings = SessionSettings { text($0) }
    settings.metering = MeteringSettings(
      evses: services.configuration.evses.map { $0.id }, maximumFrameBytes: services.configuration.maximumFrameBytes
    ) { text($0) }
    settingsPlaces = places
    aligned.configure(settings.metering)
  }
}
