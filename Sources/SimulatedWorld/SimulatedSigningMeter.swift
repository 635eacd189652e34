import ChargerBase

/// What became of a request for a signed reading.
public struct WorldSignedReading: Sendable, Equatable {
  /// The request's own number.
  public var number: UInt32
  /// Nil when the meter has failed to sign.
  public var content: Content?

  public struct Content: Sendable, Equatable {
    /// The register that was signed.
    public var importRegister: Energy
    /// OCMF: `OCMF|payload|signature`.
    public var signedData: String
    public var encodingMethod: String
    public var signingMethod: String
    /// The key that verifies it: DER, hexadecimal; empty when the signer has none.
    public var publicKey: String
  }
}

/// When in a transaction a signed reading is taken; the raw values are those of the drivers' protocol.
public enum SignedReadingContext: String, Sendable, CaseIterable {
  case transactionBegin, transactionEnd
}

/// The part of a meter that signs: one request at a time, an answer after its delay.
struct SimulatedSigningMeter: Sendable, Equatable {
  struct Request: Sendable, Equatable {
    var number: UInt32
    var context: SignedReadingContext
    var identification: String
    var unixSeconds: Int64?
    var answersAt: MonotonicInstant?
  }

  let configuration: WorldSigningMeter
  let serialNumber: String
  /// Answers are slow: twenty times the delay.
  var isSlow = false
  /// Requests are taken and never answered.
  var isMute = false
  var isBusy = false
  /// Each answer is a failure.
  var fails = false
  /// Signed sets so far; part of what is signed.
  var pagination: UInt64 = 0
  private(set) var request: Request?
  private var begin: OCMF.Reading?
  private(set) var answer: WorldSignedReading?

  init(_ configuration: WorldSigningMeter, serialNumber: String) {
    self.configuration = configuration
    self.serialNumber = serialNumber
  }

  var answersAt: MonotonicInstant? { isMute ? nil : request?.answersAt }

  mutating func take(_ new: Request, at now: MonotonicInstant) -> Bool {
    // A meter that never answers must not block the next try for ever.
    if isMute { request = nil }
    guard !isBusy, request == nil, answer == nil else { return false }
    request = new
    request?.answersAt = now + (isSlow ? configuration.delay * 20 : configuration.delay)
    return true
  }

  mutating func advance(to now: MonotonicInstant, register: Energy, signer: any MeterSigner) {
    guard let request, let at = answersAt, at <= now else { return }
    self.request = nil
    guard !fails else {
      answer = WorldSignedReading(number: request.number, content: nil)
      return
    }
    pagination = pagination.addingSaturating(1)
    let reading = OCMF.Reading(context: request.context, register: register, unixSeconds: request.unixSeconds)
    var readings = [reading]
    switch request.context {
    case .transactionBegin: begin = reading
    case .transactionEnd:
      if let begin { readings.insert(begin, at: 0) }
      begin = nil
    }
    let set = OCMF(
      serialNumber: serialNumber, pagination: pagination, identification: request.identification, readings: readings)
    let content = set.signed(by: signer).map {
      WorldSignedReading.Content(
        importRegister: register, signedData: $0, encodingMethod: "OCMF", signingMethod: signer.method,
        publicKey: OCMF.hexadecimal(signer.publicKey(serialNumber: serialNumber)))
    }
    answer = WorldSignedReading(number: request.number, content: content)
  }

  mutating func takeAnswer() -> WorldSignedReading? {
    defer { answer = nil }
    return answer
  }
}
