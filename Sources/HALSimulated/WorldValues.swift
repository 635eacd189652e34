import ChargerBase
import HAL
import SimulatedWorld

// The world's values in the HAL's terms, and back.

extension PilotSignal {
  init(_ output: PilotOutput) {
    switch output {
    case .steadyPositive: self = .steadyPositive
    case .pulseWidth(let duty): self = .pulseWidth(hundredthsOfPercent: duty.hundredthsOfPercent)
    case .steadyNegative: self = .steadyNegative
    }
  }
}

extension PilotMeasurement {
  init(_ peaks: PilotPeaks, takenAt: MonotonicInstant) {
    self.init(positivePeak: peaks.positive, negativePeak: peaks.negative, takenAt: takenAt)
  }
}

extension PhaseValues {
  init(phases: [Value], total: Value? = nil) {
    self.init(
      total: total, l1: phases.first, l2: phases.count > 1 ? phases[1] : nil, l3: phases.count > 2 ? phases[2] : nil)
  }
}

extension MeterReading {
  init(_ values: MeterValues, takenAt: MonotonicInstant) {
    self.init(
      takenAt: takenAt, importRegister: values.hasRegisters ? values.importRegister : nil,
      exportRegister: values.hasRegisters ? values.exportRegister : nil,
      power: PhaseValues(phases: values.powers, total: values.totalPower),
      current: PhaseValues(phases: values.currents), voltage: PhaseValues(phases: values.voltages),
      frequency: values.frequency)
  }
}

extension PresentedToken {
  init(_ token: WorldToken) {
    self.init(
      value: String(token.value.prefix(255)), kind: TokenKind(rawValue: token.kind) ?? .local, evses: token.evses)
  }
}

extension LightPattern {
  /// `off`, or colour and rhythm such as `green blinking`.
  var words: String { colour == .off ? "off" : "\(colour.rawValue) \(rhythm.rawValue)" }
}

extension SafetyContact {
  init(_ kind: SafetyInputKind) {
    switch kind {
    case .emergencyStop: self = .emergencyStop
    case .door: self = .door
    case .tilt: self = .tilt
    case .mainsLoss: self = .mainsLoss
    }
  }
}

extension SafetyInputKind {
  init(_ contact: SafetyContact) {
    switch contact {
    case .emergencyStop: self = .emergencyStop
    case .door: self = .door
    case .tilt: self = .tilt
    case .mainsLoss: self = .mainsLoss
    }
  }
}

extension SignedReadingContext {
  init(_ context: SignedReadingRequest.Context) {
    switch context {
    case .transactionBegin: self = .transactionBegin
    case .transactionEnd: self = .transactionEnd
    }
  }
}

extension SignedReadingAnswer {
  init(_ reading: WorldSignedReading, takenAt: MonotonicInstant) {
    guard let content = reading.content else {
      self = .failed(number: reading.number, .refused)
      return
    }
    self = .signed(
      number: reading.number,
      SignedReading(
        importRegister: content.importRegister, signedData: String(content.signedData.prefix(2_500)),
        encodingMethod: String(content.encodingMethod.prefix(50)),
        signingMethod: String(content.signingMethod.prefix(50)), publicKey: String(content.publicKey.prefix(2_500)),
        takenAt: takenAt))
  }
}
