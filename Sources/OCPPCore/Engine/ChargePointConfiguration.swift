import ChargerBase
import OCPPTypes

/// What the engine must know of the station before it starts. It comes from the board profile and the unit file and does
/// not change while the engine runs; what the CSMS may change is in the device model.
public struct ChargePointConfiguration: Sendable {
  /// BootNotification's identity of the station.
  public struct Identity: Sendable, Equatable {
    /// 1…50 characters.
    public var vendorName: String
    /// 1…20 characters.
    public var model: String
    /// At most 25 characters.
    public var serialNumber: String?
    /// At most 50 characters.
    public var firmwareVersion: String?
    /// At most 20 characters.
    public var iccid: String?
    /// At most 20 characters.
    public var imsi: String?

    public init(
      vendorName: String, model: String, serialNumber: String? = nil, firmwareVersion: String? = nil,
      iccid: String? = nil, imsi: String? = nil
    ) {
      self.vendorName = vendorName
      self.model = model
      self.serialNumber = serialNumber
      self.firmwareVersion = firmwareVersion
      self.iccid = iccid
      self.imsi = imsi
    }
  }

  public struct Connector: Sendable, Equatable {
    /// From 1, within its EVSE.
    public var number: Int32
    /// OCPP's name: `cType2`, `sType2` …
    public var type: String
    /// A cable that hangs at the station, not a socket.
    public var hasFixedCable: Bool
    /// AC phases; 0 is DC.
    public var supplyPhases: Int32
    /// A lock of the station's holds the plug in its socket.
    public var hasLock: Bool

    public init(
      number: Int32 = 1, type: String = "sType2", hasFixedCable: Bool = false, supplyPhases: Int32 = 3,
      hasLock: Bool = true
    ) {
      self.number = number
      self.type = type
      self.hasFixedCable = hasFixedCable
      self.supplyPhases = supplyPhases
      self.hasLock = hasLock && !hasFixedCable
    }
  }

  public struct EVSE: Sendable, Equatable {
    /// From 1.
    public var id: Int32
    public var connectors: [Connector]
    /// The most it can deliver, in W.
    public var maximumPowerW: Int32
    /// AC phases; 0 is DC.
    public var supplyPhases: Int32
    /// Whether it can be reset alone (B11.FR.10).
    public var allowsReset: Bool
    /// Its meter signs readings at the begin and the end of a transaction.
    public var meterSigns: Bool

    public init(
      id: Int32, connectors: [Connector] = [Connector()], maximumPowerW: Int32 = 22_080, supplyPhases: Int32 = 3,
      allowsReset: Bool = false, meterSigns: Bool = false
    ) {
      self.id = id
      self.connectors = connectors
      self.maximumPowerW = maximumPowerW
      self.supplyPhases = supplyPhases
      self.allowsReset = allowsReset
      self.meterSigns = meterSigns
    }
  }

  /// A way to a CSMS (NetworkConnectionProfile).
  public struct NetworkProfile: Sendable, Equatable {
    /// The configuration slot, from 1.
    public var slot: Int32
    /// `ws://` or `wss://`, without the identity.
    public var url: String
    public var identity: String
    /// HTTP Basic password (security profiles 1 and 2).
    public var basicAuthPassword: [UInt8]?
    /// 1…3 (A00), or 0 for bench use without authentication.
    public var securityProfile: Int32
    /// The network interface that it goes through.
    public var interface: OCPPInterface
    /// How long a CALL of ours waits for its answer on this link; nil for the station's own.
    public var messageTimeout: Duration?
    /// Modem and VPN data for the firmware, as the CSMS has set them.
    public var apn: APN?
    public var vpn: VPN?

    public init(
      slot: Int32 = 1, url: String, identity: String, basicAuthPassword: [UInt8]? = nil, securityProfile: Int32 = 0,
      interface: OCPPInterface = .wired0, messageTimeout: Duration? = nil, apn: APN? = nil, vpn: VPN? = nil
    ) {
      self.interface = interface
      self.messageTimeout = messageTimeout
      self.apn = apn
      self.vpn = vpn
      self.slot = slot
      self.url = url
      self.identity = identity
      self.basicAuthPassword = basicAuthPassword
      self.securityProfile = securityProfile
    }
  }

  /// What SetVariables may ask for depends on the certificates that are installed (A05.FR.02, A05.FR.03).
  public struct Certificates: Sendable, Equatable {
    /// A root certificate for the CSMS's server certificate.
    public var hasCSMSRoot: Bool
    /// The station's own certificate, for security profile 3.
    public var hasChargingStation: Bool

    public init(hasCSMSRoot: Bool = false, hasChargingStation: Bool = false) {
      self.hasCSMSRoot = hasCSMSRoot
      self.hasChargingStation = hasChargingStation
    }
  }

  /// Another URL for one slot, for this run only.
  public struct URLOverride: Sendable, Equatable {
    public var url: String
    /// Nil for the slot that is active at start.
    public var slot: Int32?

    public init(url: String, slot: Int32? = nil) {
      self.url = url
      self.slot = slot
    }
  }

  /// A first-start value for the device model; the CSMS's own settings win over it later.
  public struct DeviceModelEntry: Sendable, Equatable {
    public var key: VariableKey
    public var attribute: AttributeKind
    public var value: String
    /// Nil leaves the variable as it is defined; a variable that is not defined becomes ReadOnly.
    public var mutability: Mutability?
    /// Type, unit and limits of a variable that the engine does not know; nil for those of the standard, or a text.
    public var characteristics: VariableCharacteristics?

    public init(
      key: VariableKey, attribute: AttributeKind = .actual, value: String, mutability: Mutability? = nil,
      characteristics: VariableCharacteristics? = nil
    ) {
      self.key = key
      self.attribute = attribute
      self.value = value
      self.mutability = mutability
      self.characteristics = characteristics
    }
  }

  public var identity: Identity
  /// At most 64, in the order of their ids.
  public var evses: [EVSE]
  /// At most 8; the first dial goes to the first slot of NetworkConfigurationPriority.
  public var networkProfiles: [NetworkProfile]
  public var deviceModel: [DeviceModelEntry]
  /// Sub-protocols to offer, in order of preference.
  public var versions: [OCPPVersion]
  /// The boot of the operating system that this run belongs to.
  public var boot: BootNumber
  /// AC phases of the station's supply; 0 is DC.
  public var supplyPhases: Int32
  /// Records that the outbox may hold; at least 100,000 on a station in the field.
  public var outboxCapacity: Int
  /// The largest frame in either direction, in bytes.
  public var maximumFrameBytes: Int
  /// How long a CALL of ours waits for its answer (MessageTimeout), where the network profile says nothing.
  public var messageTimeout: Duration
  /// What the station's meters give: all that the CSMS can ask for in the lists of measurands. At most 64.
  public var measurands: [Measurand]

  /// What AC meters give.
  public static let commonMeasurands: [Measurand] = [
    .currentImport, .energyActiveExportRegister, .energyActiveImportRegister, .frequency, .powerActiveImport, .voltage,
  ]
  public var urlOverride: URLOverride?
  public var certificates: Certificates
  /// How long the firmware may take to bring up what a network profile needs, before a dial.
  public var networkConfigurationTimeout: Duration
  /// People can choose from a list on the station's display: the holder of a master pass is asked what to end (C16.FR.01).
  public var hasDisplayChoice = false
  /// EVSE 0 is what the main meter says, and nothing while it says nothing. Without one it is what all EVSEs take, once
  /// `meterValue` has told no reading of EVSE 0.
  public var hasMainMeter = false

  public init(
    identity: Identity, evses: [EVSE], networkProfiles: [NetworkProfile], deviceModel: [DeviceModelEntry] = [],
    versions: [OCPPVersion] = [.v201], boot: BootNumber, supplyPhases: Int32 = 3, outboxCapacity: Int = 200_000,
    maximumFrameBytes: Int = 1024 * 1024, messageTimeout: Duration = .seconds(30),
    measurands: [Measurand] = ChargePointConfiguration.commonMeasurands,
    urlOverride: URLOverride? = nil, certificates: Certificates = Certificates(),
    networkConfigurationTimeout: Duration = .seconds(60)
  ) {
    self.identity = identity
    self.evses = evses
    self.networkProfiles = networkProfiles
    self.deviceModel = deviceModel
    self.versions = versions
    self.boot = boot
    self.supplyPhases = supplyPhases
    self.outboxCapacity = outboxCapacity
    self.maximumFrameBytes = maximumFrameBytes
    self.messageTimeout = messageTimeout
    self.measurands = measurands
    self.urlOverride = urlOverride
    self.certificates = certificates
    self.networkConfigurationTimeout = networkConfigurationTimeout
  }

  /// Every connector of the station, EVSE by EVSE.
  public var connectors: [ConnectorID] {
    evses.flatMap { evse in evse.connectors.map { ConnectorID(evse: EVSEID(evse.id), number: $0.number) } }
  }

  /// What is wrong with it, for people: numbers that are used twice, are not from 1 or are too many, texts that
  /// BootNotification cannot carry (member 1). A station is built from a configuration without any.
  public var problems: [String] {
    var problems: [String] = []
    func check(_ isRight: Bool, _ text: @autoclosure () -> String) { if !isRight { problems.append(text()) } }
    check(!evses.isEmpty && evses.count <= 64, "there are \(evses.count) EVSEs, not 1…64")
    for (place, evse) in evses.enumerated() {
      check(evse.id >= 1, "EVSE \(evse.id): ids are from 1")
      check(place == 0 || evses[place - 1].id < evse.id, "EVSE \(evse.id): ids must rise, and each come once")
      let numbers = evse.connectors.map { $0.number }
      check(!numbers.isEmpty, "EVSE \(evse.id) has no connector")
      check(numbers.allSatisfy { $0 >= 1 }, "EVSE \(evse.id): connector numbers are from 1")
      check(Set(numbers).count == numbers.count, "EVSE \(evse.id): a connector number is used twice")
    }
    let slots = networkProfiles.map { $0.slot }
    check(slots.count <= 8 && Set(slots).count == slots.count, "network slots must differ, at most 8")
    func text(_ name: String, _ text: String?, _ length: ClosedRange<Int>) {
      if let text, !length.contains(text.count) {
        problems.append("\(name) has \(text.count) characters, not \(length.lowerBound)…\(length.upperBound)")
      }
    }
    text("vendorName", identity.vendorName, 1...50)
    text("model", identity.model, 1...20)
    text("serialNumber", identity.serialNumber, 0...25)
    text("firmwareVersion", identity.firmwareVersion, 0...50)
    text("iccid", identity.iccid, 0...20)
    text("imsi", identity.imsi, 0...20)
    return problems
  }
}
