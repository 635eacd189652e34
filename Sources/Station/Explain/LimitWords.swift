import ChargerBase
import EVSEControl

/// Current limits in words: who allows how much, and what would raise it.
enum LimitWords {
  /// `the energy manager "ems" allows 4 A`: a clause without its full stop.
  static func clause(_ snapshot: ConnectorSnapshot) -> String {
    let limit = snapshot.limit.inWords
    let owner = snapshot.details.limitOwner
    let named = owner.isEmpty ? "" : " \"\(owner)\""
    let clause =
      switch snapshot.limitSource {
      case .hardware: "the EVSE's hardware carries \(limit)"
      case .cable: "the cable is rated \(limit)"
      case .installer: "the installer has allowed \(limit)"
      case .supply: "this EVSE's share of the common supply is \(limit)"
      case .evse: "the EVSE's configuration\(named) allows \(limit)"
      case .chargingProfile: "the operator's charging profile\(named) allows \(limit)"
      case .external: "the \(owner.isEmpty ? "external input" : "energy manager")\(named) allows \(limit)"
      case .temperature: "the post is hot\(heat(snapshot)) and gives \(limit)"
      case .vehicle: "a vehicle that signals in the simplified way is given \(limit)"
      case .board: "the connector's board carries \(limit)"
      }
    return clause + converted(snapshot)
  }

  private static func heat(_ snapshot: ConnectorSnapshot) -> String {
    snapshot.details.temperature.map { " (\($0.inWords))" } ?? ""
  }

  /// What the clause leaves out when the limit was told as a power, or for so many phases.
  private static func converted(_ snapshot: ConnectorSnapshot) -> String {
    guard let winner = winner(snapshot), case .total(let power) = winner.value else { return "" }
    return " (\(power) in all)"
  }

  /// The limit that wins, as it was set; nil for one that the control lane has found itself.
  static func winner(_ snapshot: ConnectorSnapshot) -> CurrentLimit? {
    snapshot.details.limits.first {
      $0.source == snapshot.limitSource && $0.owner == snapshot.details.limitOwner
    }
  }

  static func remedy(_ snapshot: ConnectorSnapshot, at now: MonotonicInstant) -> String {
    if let expiry = winner(snapshot)?.expiry, expiry > now {
      return "It lapses by itself in \(Span.words(expiry - now)), or whoever has set it raises it."
    }
    return switch snapshot.limitSource {
    case .hardware, .board: "Use a post that gives more."
    case .cable: "Use a cable with a higher rating."
    case .installer: "The installer can raise it, as far as the supply carries it."
    case .supply: "It rises when another vehicle stops; the installer can raise the supply."
    case .evse, .chargingProfile: "The operator can raise it."
    case .external: "Whoever has set it raises it; an installer can lift it with chargerctl limit --lift."
    case .temperature: "It rises by itself as the post cools."
    case .vehicle: "Use another cable or adapter, so that the vehicle signals in the ordinary way."
    }
  }

  /// The numbers of the limit that wins.
  static func details(_ reason: EnergyReason, _ snapshot: ConnectorSnapshot, at now: MonotonicInstant) -> EnergyReason {
    let winner = winner(snapshot)
    return
      reason
      .with("limitA", snapshot.limit.decimal)
      .with("source", "\(snapshot.limitSource)")
      .with("owner", snapshot.details.limitOwner)
      .with("expiresInS", winner?.expiry.map { Span.seconds($0 - now) })
  }
}

/// Spans of time in words: rounded up, so that nothing is promised too early.
enum Span {
  static func seconds(_ span: Duration) -> Decimal { Decimal(whole(span)) }

  static func words(_ span: Duration) -> String {
    let seconds = whole(span)
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\((seconds + 59) / 60) min"
    default: "\((seconds + 3_599) / 3_600) h"
    }
  }

  private static func whole(_ span: Duration) -> Int64 {
    let milliseconds = max(0, span.wholeMilliseconds)
    return milliseconds / 1_000 + (milliseconds % 1_000 > 0 ? 1 : 0)
  }
}

extension ThousandthsQuantity {
  /// Rounded to a tenth: nobody reads milliamperes.
  var inWords: String {
    let tenths = thousandths.addingSaturating(thousandths < 0 ? -50 : 50) / 100
    return "\(Self(thousandths: tenths.multipliedSaturating(by: 100)))"
  }
}
