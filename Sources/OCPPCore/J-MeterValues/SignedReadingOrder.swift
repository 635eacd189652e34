import ChargerBase
import OCPPTypes

/// When in a transaction a signed reading is taken.
public enum SignedReadingMoment: UInt8, Sendable {
  case transactionBegin, transactionEnd
}

/// What the engine asks a meter to sign; the fact `signedReading` with the same number answers.
public struct SignedReadingOrder: Sendable, Equatable {
  /// Rises with every order of an EVSE.
  public var number: UInt32
  public var moment: SignedReadingMoment
  /// What the meter binds into the signature: the token's first and last two characters; empty without a token.
  public var identification: String
  /// Civil time now; nil while it is not known.
  public var wall: WallTime?
  /// For an end: what the meter has signed at the begin, as it gave it.
  public var signedBegin: String?

  public init(
    number: UInt32, moment: SignedReadingMoment, identification: String, wall: WallTime?, signedBegin: String? = nil
  ) {
    self.number = number
    self.moment = moment
    self.identification = identification
    self.wall = wall
    self.signedBegin = signedBegin
  }
}

/// What became of an order for a signed reading.
public enum SignedReadingOutcome: Sendable, Equatable {
  case signed(SignedMeterReading)
  /// One sentence for a person.
  case failed(String)
}

/// A register with the meter's signature over it.
public struct SignedMeterReading: Sendable, Equatable {
  /// The import register that was signed, in Wh.
  public var register: Decimal
  /// On the station's own clock.
  public var takenAt: MonotonicInstant
  /// As the meter gave it; at most 1,875 bytes travel in OCPP 2.0.1.
  public var signedData: String
  /// `OCMF`, `EDL` …, at most 50 characters.
  public var encodingMethod: String
  /// At most 50 characters; empty when it is part of `signedData`.
  public var signingMethod: String
  /// Hexadecimal DER, or the meter's own form; empty when it does not tell it.
  public var publicKey: String

  public init(
    register: Decimal, takenAt: MonotonicInstant, signedData: String, encodingMethod: String, signingMethod: String,
    publicKey: String
  ) {
    self.register = register
    self.takenAt = takenAt
    self.signedData = signedData
    self.encodingMethod = encodingMethod
    self.signingMethod = signingMethod
    self.publicKey = publicKey
  }

  var data: SignedMeterData {
    SignedMeterData(
      signedData: signedData, encodingMethod: encodingMethod, signingMethod: signingMethod, publicKey: publicKey)
  }
}
