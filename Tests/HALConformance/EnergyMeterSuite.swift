import ChargerBase
import HAL

/// How a meter answers requests for signed readings.
package enum RigSigning: Sendable {
  case works, fails, neverAnswers
}

package protocol EnergyMeterRig: ConformanceRig {
  /// - Parameter signingTimeout: nil for a meter that does not sign.
  func makeMeter(signingTimeout: Duration?) throws -> any EnergyMeter
  /// Sets the meter's absolute registers.
  func setRegisters(importRegister: Energy, exportRegister: Energy) throws
  /// Takes the meter's voice, or gives it back.
  func setMeterSilent(_ isSilent: Bool) throws
  /// Values that the meter leaves out or marks as not available: the current of its third phase.
  func withhold(_ isWithheld: Bool) throws
  /// Whether a reading lacks what `withhold` takes away.
  func lacksWithheld(_ reading: MeterReading) -> Bool
  func setSigning(_ signing: RigSigning) throws
}

package enum EnergyMeterSuite {
  private static func request(_ number: UInt32, _ context: SignedReadingRequest.Context = .transactionBegin)
    -> SignedReadingRequest
  {
    SignedReadingRequest(number: number, context: context, identification: "04AA****", unixSeconds: 1_790_000_000)
  }

  package static let checks: [ConformanceCheck<any EnergyMeterRig>] = [
    ConformanceCheck("EnergyMeter 1", "a reading carries the time when the meter gave it; an old one never a new time")
    {
      rig in
      let meter = try rig.makeMeter(signingTimeout: nil)
      let before = rig.now
      try require(rig.serve([meter]) { meter.latest != nil }, "a first reading")
      let first = try require(meter.latest, "a first reading")
      try require(first.takenAt >= before && first.takenAt <= rig.now, "with its time")
      try require(rig.serve([meter]) { (meter.latest?.takenAt ?? .zero) > first.takenAt }, "a newer one")
      try rig.setMeterSilent(true)
      rig.serve([meter], for: .milliseconds(200))
      let last = meter.latest
      try rig.require(throughout: .seconds(2), serving: [meter], "an old reading keeps its time") {
        meter.latest == last
      }
    },
    ConformanceCheck("EnergyMeter 2", "what the meter does not give is nil, never zero") { rig in
      let meter = try rig.makeMeter(signingTimeout: nil)
      try require(rig.serve([meter]) { meter.latest.map { !rig.lacksWithheld($0) } ?? false }, "a whole reading")
      try rig.withhold(true)
      try require(rig.serve([meter]) { meter.latest.map { rig.lacksWithheld($0) } ?? false }, "what is withheld is nil")
    },
    ConformanceCheck("EnergyMeter 3", "the register is the meter's own: neither reset nor smoothed, whatever it was") {
      rig in
      let meter = try rig.makeMeter(signingTimeout: nil)
      for (imported, exported) in [(Int64(123_456_789), Int64(17)), (5, 18)] {
        try rig.setRegisters(importRegister: Energy(wattHours: imported), exportRegister: Energy(wattHours: exported))
        try require(
          rig.serve([meter]) { meter.latest?.importRegister == Energy(wattHours: imported) }, "\(imported) Wh")
        try require(meter.latest?.exportRegister == Energy(wattHours: exported), "\(exported) Wh given back")
      }
    },
    ConformanceCheck("EnergyMeter 4", "a meter that does not sign takes no request and answers none") { rig in
      let meter = try rig.makeMeter(signingTimeout: nil)
      rig.serve([meter]) { meter.latest != nil }
      try require(meter.signingTimeout == nil, "no timeout")
      try require(!meter.requestSignedReading(request(1)), "no request is taken")
      rig.serve([meter], for: .milliseconds(300))
      try require(meter.takeSignedReading() == nil, "and none answered")
    },
    ConformanceCheck("EnergyMeter 4", "one request at a time, exactly one answer for each, with its number") { rig in
      let meter = try rig.makeMeter(signingTimeout: .seconds(4))
      rig.serve([meter]) { meter.latest != nil }
      for number in UInt32(7)...8 {
        let context: SignedReadingRequest.Context = number == 7 ? .transactionBegin : .transactionEnd
        try require(meter.requestSignedReading(request(number, context)), "request \(number) is taken")
        try require(!meter.requestSignedReading(request(99)), "a second one is not")
        let answer = try require(awaitAnswer(meter, rig, within: .seconds(4)), "an answer in time")
        try require(answer.number == number, "the answer's number is \(answer.number)")
        guard case .signed(_, let reading) = answer else { throw ConformanceViolation("not signed: \(answer)") }
        try require(!reading.signedData.isEmpty && reading.signedData.count <= 2_500, "signed data")
        try require(!reading.encodingMethod.isEmpty && reading.encodingMethod.count <= 50, "an encoding method")
        try require(reading.signingMethod.count <= 50 && reading.publicKey.count <= 2_500, "short enough")
        rig.serve([meter], for: .milliseconds(300))
        try require(meter.takeSignedReading() == nil, "exactly one answer")
      }
    },
    ConformanceCheck("EnergyMeter 4", "a meter that reports an error is answered as refused") { rig in
      let meter = try rig.makeMeter(signingTimeout: .seconds(4))
      rig.serve([meter]) { meter.latest != nil }
      try rig.setSigning(.fails)
      try require(meter.requestSignedReading(request(3)), "the request is taken")
      let answer = try require(awaitAnswer(meter, rig, within: .seconds(4)), "an answer in time")
      try require(answer == .failed(number: 3, .refused), "refused: \(answer)")
    },
    ConformanceCheck("EnergyMeter 4", "without an answer the request fails within the timeout, and the next is taken") {
      rig in
      let meter = try rig.makeMeter(signingTimeout: .milliseconds(1_500))
      rig.serve([meter]) { meter.latest != nil }
      try rig.setSigning(.neverAnswers)
      try require(meter.requestSignedReading(request(4)), "the request is taken")
      let answer = try require(awaitAnswer(meter, rig, within: .milliseconds(1_500)), "an answer in time")
      try require(answer == .failed(number: 4, .timedOut), "timed out: \(answer)")
      try rig.setSigning(.works)
      rig.serve([meter], for: .milliseconds(200))
      try require(meter.requestSignedReading(request(5)), "the next request is taken")
      let next = try require(awaitAnswer(meter, rig, within: .milliseconds(1_500)), "an answer in time")
      try require(next.number == 5, "the late answer to an old request is not given out: \(next)")
    },
  ]

  private static func awaitAnswer(_ meter: any EnergyMeter, _ rig: any EnergyMeterRig, within limit: Duration)
    -> SignedReadingAnswer?
  {
    var answer: SignedReadingAnswer?
    rig.serve([meter], for: limit + rig.slack) {
      answer = meter.takeSignedReading()
      return answer != nil
    }
    return answer
  }
}
