import ChargerBase
import HAL

/// The keys that a profile gives to one driver, read by the driver's factory.
///
/// Every accessor reports what is wrong under its path and then answers something harmless, so that a factory reads all
/// its options in a row without a branch; what it answers is used only when no problem was found anywhere.
public final class DriverOptions {
  /// The piece of hardware that the driver is for.
  public enum Place: Sendable, Hashable {
    case connector(ConnectorID)
    case evse(EVSEID)
    /// One of an EVSE's temperature sensors, by its place in the profile's list.
    case temperatureSensor(EVSEID, index: Int)
    /// A safety input of one EVSE, or with nil of the whole station.
    case safetyInput(SafetyInputKind, EVSEID?)
    case watchdog
    /// A reader, by the profile's name for it.
    case reader(String)
    /// A keypad, by the profile's name for it.
    case keypad(String)
    /// The start button of one EVSE, or with nil of the whole station.
    case startButton(EVSEID?)
    case display
    /// The meter of the whole station.
    case mainMeter
  }

  public let place: Place
  /// What the profile says of the EVSE; nil for what belongs to the whole station.
  public let evse: EVSEProfile?
  /// Whether the board is for a desk or for the street.
  public let purpose: BoardProfile.Purpose
  /// What opens contactors when the program is dead, and within which time; never nil for a product.
  public let deadMan: DeadManRule?
  /// Within which time a contactor must show what it was commanded.
  public let contactorTravel: Duration
  private let reference: DriverReference
  let collector: ProblemCollector
  private let claims: DriverClaims
  private var asked: [String] = []
  /// What was read, each name once, with what counts where the profile does not say it.
  private(set) var uses: [OptionUse] = []

  init(
    place: Place, evse: EVSEProfile?, profile: BoardProfile, reference: DriverReference, collector: ProblemCollector,
    claims: DriverClaims
  ) {
    self.place = place
    self.evse = evse
    purpose = profile.purpose
    deadMan = profile.deadMan
    contactorTravel = profile.timing.contactorTravel
    self.reference = reference
    self.collector = collector
    self.claims = claims
  }

  /// Where the driver stands in the profile, as `$.evses[0].meter`.
  public var path: String { reference.path }

  private func field(_ name: String) -> ProfileField {
    if !asked.contains(name) { asked.append(name) }
    return ProfileField(
      node: reference.node.member(name), path: "\(reference.path).\(name)", parentOffset: reference.node.offset,
      collector: collector)
  }

  private func field(_ name: String, _ standard: OptionUse.Standard) -> ProfileField {
    if !uses.contains(where: { $0.name == name }) { uses.append(OptionUse(name: name, standard: standard)) }
    return field(name)
  }

  // MARK: Values that must be there

  /// A text of at most 255 characters.
  public func string(_ name: String) -> String { field(name, .needed).text(isRequired: true, length: 1...255) ?? "" }

  public func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64 {
    field(name, .needed).integer(isRequired: true, in: range) ?? range.lowerBound
  }

  public func decimal(_ name: String, in range: ClosedRange<Decimal>) -> Decimal {
    field(name, .needed).decimal(isRequired: true, in: range) ?? range.lowerBound
  }

  public func boolean(_ name: String) -> Bool { field(name, .needed).boolean(isRequired: true) ?? false }

  /// One of `names`, of which there must be at least one.
  public func choice(_ name: String, of names: [String]) -> String {
    field(name, .needed).choice(isRequired: true, of: names) ?? names.first ?? ""
  }

  // MARK: Values with a default

  public func string(_ name: String, default value: String) -> String {
    field(name, .value(value)).text(length: 1...255) ?? value
  }

  public func integer(_ name: String, in range: ClosedRange<Int64>, default value: Int64) -> Int64 {
    field(name, .value("\(value)")).integer(in: range) ?? value
  }

  public func decimal(_ name: String, in range: ClosedRange<Decimal>, default value: Decimal) -> Decimal {
    field(name, .value("\(value)")).decimal(in: range) ?? value
  }

  public func boolean(_ name: String, default value: Bool) -> Bool {
    field(name, .value("\(value)")).boolean() ?? value
  }

  public func choice(_ name: String, of names: [String], default value: String) -> String {
    field(name, .value(value)).choice(of: names) ?? value
  }

  /// Nil when the profile does not have it.
  public func optionalString(_ name: String) -> String? { field(name, .none).text(length: 1...255) }

  // MARK: What only the driver knows

  /// Reports something that is wrong with an option, in words that follow its path.
  public func report(_ name: String, _ message: String, allowed: String? = nil) {
    field(name).report(message, allowed: allowed)
  }

  /// Takes a piece of hardware for this driver alone, named as in `gpio line contactor-k1`. A second driver that claims
  /// the same is reported with the place of the first.
  public func claim(_ hardware: String) {
    guard let holder = claims.take(hardware, for: reference.path) else { return }
    collector.report(
      at: reference.node.offset, path: reference.path, "uses \(hardware), and so does \(holder)",
      allowed: "each piece of hardware under one driver")
  }

  /// What several drivers of one profile share, as a serial line with several devices: the first driver that names it
  /// makes it, later ones get the same object. A driver whose settings for it differ is reported, with the place of the
  /// first.
  ///
  /// - Parameters:
  ///   - hardware: its name for people, as `MCU on /dev/ttyS1`; two of one name are the same.
  ///   - settings: the options that must be alike, by their names in the profile.
  public func shared<Bus: AnyObject>(
    _ hardware: String, settings: KeyValuePairs<String, String>, make: () -> Bus
  ) -> Bus {
    guard let known = claims.sharing.first(where: { $0.hardware == hardware }), let bus = known.bus as? Bus else {
      let bus = make()
      claims.sharing.append(
        SharedHardware(
          hardware: hardware, path: reference.path, settings: settings.map { ($0.key, $0.value) }, bus: bus))
      return bus
    }
    for (name, value) in settings {
      guard let other = known.settings.first(where: { $0.name == name }), other.value != value else { continue }
      report(
        name, "is \(value) for \(hardware), and \(known.path) says \(other.value)",
        allowed: "the same for all drivers on it")
    }
    return bus
  }

  /// Says that a companion controller opens this contactor by itself when the program on Linux is dead. Where the
  /// profile's dead-man rule is a companion controller, every contactor's driver must.
  public func vouchForDeadMan() { claims.vouchers.append(reference.path) }

  /// After the factory has asked for all it knows: the rest are slips of the hand.
  func reportUnknownKeys() {
    guard case .object(let members) = reference.node.content else { return }
    ProfileNames.check(members, known: asked + reference.reserved, path: reference.path, collector: collector)
  }
}

/// A bus or controller with several drivers on it.
struct SharedHardware {
  let hardware: String
  /// The driver that named it first.
  let path: String
  let settings: [(name: String, value: String)]
  let bus: AnyObject
}

/// Who has taken which piece of hardware, within one profile.
final class DriverClaims {
  var sharing: [SharedHardware] = []
  /// Paths of the drivers whose hardware opens by itself when the program is dead.
  var vouchers: [String] = []

  /// A handful a driver; a table of texts would cost more at each start.
  private var holders: [(hardware: String, path: String)] = []

  /// The path of the one who holds it already; nil when it was free and is now taken.
  func take(_ hardware: String, for path: String) -> String? {
    if let holder = holders.first(where: { $0.hardware == hardware }) { return holder.path }
    holders.append((hardware, path))
    return nil
  }
}
