import ChargerBase

/// A request for a reading that the meter signs, so that the driver's bill can be checked against it.
public struct SignedReadingRequest: Sendable, Equatable {
  public enum Context: UInt8, Sendable {
    case transactionBegin, transactionEnd
  }

  /// Tells answers apart; each request has a new one.
  public var number: UInt32
  public var context: Context
  /// What the meter binds into the signature, at most 64 characters: the token's masked value, not the token.
  public var identification: String
  /// The time to sign, in seconds since 1970; nil when the station does not know the time.
  public var unixSeconds: Int64?
  /// For an end: what the meter has signed at the begin. The request that ended its session may have come from a program
  /// that was killed before the answer: by this a meter that still shows that end's set is known to show this one's.
  public var signedBegin: String?

  public init(
    number: UInt32, context: Context, identification: String, unixSeconds: Int64?, signedBegin: String? = nil
  ) {
    self.number = number
    self.context = context
    self.identification = identification
    self.unixSeconds = unixSeconds
    self.signedBegin = signedBegin
  }
}

/// What became of a request for a signed reading.
public enum SignedReadingAnswer: Sendable, Equatable {
  case signed(number: UInt32, SignedReading)
  case failed(number: UInt32, SignedReadingFailure)

  public var number: UInt32 {
    switch self {
    case .signed(let number, _), .failed(let number, _): number
    }
  }
}

public struct SignedReading: Sendable, Equatable {
  /// The register that was signed.
  public var importRegister: Energy
  /// The signed text as the meter gave it, at most 2,500 characters (J02: `signedMeterData`).
  public var signedData: String
  /// `OCMF`, `EDL` …, at most 50 characters.
  public var encodingMethod: String
  /// At most 50 characters; empty when it is part of `signedData`.
  public var signingMethod: String
  /// At most 2,500 characters; empty when the meter does not tell it.
  public var publicKey: String
  public var takenAt: MonotonicInstant

  public init(
    importRegister: Energy, signedData: String, encodingMethod: String, signingMethod: String, publicKey: String,
    takenAt: MonotonicInstant
  ) {
    self.importRegister = importRegister
    self.signedData = signedData
    self.encodingMethod = encodingMethod
    self.signingMethod = signingMethod
    self.publicKey = publicKey
    self.takenAt = takenAt
  }
}

public enum SignedReadingFailure: String, Sendable, CaseIterable {
  /// The meter does not sign, or is busy with another request.
  case notAccepted
  /// The meter reported an error.
  case refused
  /// No answer in time.
  case timedOut
}
