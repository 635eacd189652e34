import ChargerBase
import OCPPTypes

// DataSigned as a start point (E01.FR.04): the meter is asked for a signed reading as soon as a vehicle is plugged in,
// and the transaction begins with that reading. Where no other listed point starts it earlier, no energy flows before:
// legislation asks for this start point so that nothing is delivered that was not signed for.
//
// Where EnergyTransfer starts it, a meter that signs is asked before energy may flow, so that it signs the register that
// the transaction begins with.
//
// Where the EVSE's meter does not sign, or SignReadings is false, the point never comes, and a driver who may charge
// starts the transaction as if it were not listed.

extension EVSESessionStateMachine {
  /// A meter that has refused is asked again after this, for as long as a vehicle waits.
  private static let signedStartRetry: Duration = .seconds(10)

  func startsBySignedData(_ settings: SessionSettings) -> Bool {
    settings.startPoints.contains(.dataSigned) && meterSigns && settings.metering.signsReadings
  }

  /// Asks for the reading that is to start a transaction, unless this vehicle has had its transaction already.
  mutating func seekSignedStart(_ context: Context) -> [Effect] {
    // What a meter has not answered by then it never will; a later answer to it counts no more.
    if let pending = signing.pending, pending.askedAt + Self.longestSigning <= context.now { signing.pending = nil }
    guard startsBySignedData(context.settings) && !hasFinished || awaitsSignedFlow(context.settings),
      transaction == nil, connector != nil, isUsable, context.mayBegin, signing.ready == nil
    else {
      if transaction == nil { signing.retryAt = nil }
      return []
    }
    if let retryAt = signing.retryAt, retryAt > context.now { return [] }
    return ask(.transactionBegin, context)
  }

  /// Whether energy may flow before there is a transaction, which that flow then starts.
  mutating func mayEnergyFlow(_ context: Context) -> Bool {
    guard context.settings.startPoints.contains(.energyTransfer), context.mayBegin, isUsable else {
      signing.flowsFrom = nil
      return false
    }
    guard awaitsSignedFlow(context.settings) else {
      signing.flowsFrom = nil
      return true
    }
    let from = signing.flowsFrom ?? context.now + Self.signedBeginGrace
    signing.flowsFrom = from
    return signing.ready != nil || from <= context.now
  }

  private func awaitsSignedFlow(_ settings: SessionSettings) -> Bool {
    settings.startPoints.contains(.energyTransfer) && transaction == nil && connector != nil && authorization != nil
      && wantsSignature(.transactionBegin, settings)
  }

  /// The vehicle that a reading was asked for has gone: the answer starts nothing.
  mutating func disownSignedStart() {
    guard transaction == nil else { return }
    if signing.pending?.owner == .vehicle { signing.pending?.owner = .nobody }
    signing.retryAt = nil
    signing.isRefusalTold = false
    signing.ready = nil
    signing.flowsFrom = nil
  }

  /// A transaction has ended; a meter that still signs has to be waited for.
  mutating func forgetSigning() {
    var pending = signing.pending
    if pending?.owner == .vehicle { pending?.owner = .nobody }
    signing = Signing()
    signing.pending = pending
  }

  mutating func signedBeforeStart(_ outcome: SignedReadingOutcome, _ context: Context) -> [Effect] {
    switch outcome {
    case .failed(let reason):
      signing.retryAt = context.now + Self.signedStartRetry
      guard !signing.isRefusalTold else { return [] }
      signing.isRefusalTold = true
      return [.note("the meter of \(evse) has not signed, and no transaction begins before: \(reason)")]
    case .signed(let reading):
      let record = record(of: reading, .transactionBegin, context)
      guard startsBySignedData(context.settings) else {
        if connector != nil { signing.ready = record }
        return []
      }
      guard connector != nil, isUsable, context.mayBegin else { return [] }
      open(context)
      signing = Signing()
      transaction?.signedBegin = record
      transaction?.startRegister = reading.register
      transaction?.lastRegister = reading.register
      transaction?.lastRegisterAt = record.time
      var effects: [Effect] = []
      if !reading.data.fitsEveryVersion {
        effects.append(.note("what the meter of \(evse) has signed is too long for OCPP 2.0.1"))
      }
      return effects + [report(.started, SessionCause(.signedDataReceived), context)]
    }
  }

  /// When a meter that has refused, or never answered, is asked again.
  var signedStartDeadline: MonotonicInstant? {
    var deadline: MonotonicInstant?
    if let retryAt = signing.retryAt { deadline = retryAt }
    if let flowsFrom = signing.flowsFrom, !mayFlowBeforeStart { deadline = min(deadline ?? flowsFrom, flowsFrom) }
    guard connector != nil, let pending = signing.pending else { return deadline }
    let lost = pending.askedAt + Self.longestSigning
    return min(deadline ?? lost, lost)
  }
}
