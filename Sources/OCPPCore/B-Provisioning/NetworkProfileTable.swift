import ChargerBase
import OCPPPorts
import OCPPTypes

/// The network connection profiles of the station, slot by slot (B09): those of its configuration, over them those that
/// the CSMS has set, and the memory of what worked last (B10.FR.07).
///
/// A new profile for the slot that is in use counts from the next start (B09); one for another slot counts at once.
struct NetworkProfileTable {
  typealias Profile = ChargePointConfiguration.NetworkProfile

  /// Slots that the CSMS may use besides those of the configuration (B09.FR.06: two at least).
  static let slots: ClosedRange<Int32> = 1...4

  /// Where a link stood last.
  struct Active: Equatable {
    var slot: Int32
    var securityProfile: Int32
  }

  private(set) var active: Active?
  /// In the order of their slots.
  private var profiles: [Profile]
  /// What the store holds of slots that the CSMS has set or emptied; at most one a slot.
  private var stored: [(slot: Int32, body: [UInt8])] = []
  /// What is dialed in this run instead of what the table says: the slot in use, and the one of the command line.
  private var inUse: [Profile] = []
  private let identity: String
  private let basicAuthPassword: [UInt8]?

  init(_ configuration: ChargePointConfiguration, documents: [StoreSnapshot.Document]) {
    profiles = configuration.networkProfiles
    identity = configuration.networkProfiles.first?.identity ?? ""
    basicAuthPassword = configuration.networkProfiles.lazy.compactMap { $0.basicAuthPassword }.first
    for document in documents where document.kind == .network { take(document) }
  }

  /// SecurityProfile: that of the last link that stood; before the first one that of the first slot.
  var securityProfile: Int32 { active?.securityProfile ?? profiles.first?.securityProfile ?? 0 }

  /// What a slot holds, whether in use or not (member 10).
  func profile(_ slot: Int32) -> Profile? { profiles.first { $0.slot == slot } }

  /// What is dialed for a slot in this run.
  func target(_ slot: Int32) -> Profile? { inUse.first { $0.slot == slot } ?? profile(slot) }

  /// The URL of the command line, for the slot that is active at start unless another is named.
  mutating func override(_ override: ChargePointConfiguration.URLOverride, activeSlot: Int32?) -> Int32? {
    guard let slot = override.slot ?? activeSlot, var profile = profile(slot) else { return nil }
    profile.url = override.url
    keep(profile)
    return slot
  }

  private mutating func keep(_ profile: Profile) {
    inUse.removeAll { $0.slot == profile.slot }
    inUse.append(profile)
  }

  // MARK: Changes

  /// B09.FR.01: the mutation that stores what the CSMS has set; `set` after it is on disk.
  func mutation(_ slot: Int32, _ connection: NetworkConnectionProfile) -> StoreMutation {
    .putDocument(.network, key: Self.key(slot), body: Self.body(slot, connection))
  }

  /// The mutation that brings the store back to what the slot holds.
  func mutation(_ slot: Int32) -> StoreMutation {
    guard let body = stored.first(where: { $0.slot == slot })?.body else {
      return .removeDocument(.network, key: Self.key(slot))
    }
    return .putDocument(.network, key: Self.key(slot), body: body)
  }

  private mutating func keepStored(_ slot: Int32, _ body: [UInt8]) {
    stored.removeAll { $0.slot == slot }
    stored.append((slot, body))
  }

  private static func body(_ slot: Int32, _ connection: NetworkConnectionProfile) -> [UInt8] {
    var record = RecordWriter()
    record.write(Int64(slot), field: 1)
    // The wider of the versions, so that nothing of it is lost.
    let request = SetNetworkProfileRequest(configurationSlot: slot, connectionData: connection)
    record.write(request.encode(version: .v21), field: 2)
    return record.bytes
  }

  mutating func set(_ slot: Int32, _ connection: NetworkConnectionProfile, inUse slotInUse: Int32?) {
    if slot == slotInUse, !inUse.contains(where: { $0.slot == slot }), let old = profile(slot) { inUse.append(old) }
    put(slot, connection)
    keepStored(slot, Self.body(slot, connection))
  }

  /// A link stands: what the next start must know, when it is new.
  mutating func opened(_ slot: Int32) -> StoreMutation? {
    guard let profile = target(slot) else { return nil }
    let now = Active(slot: slot, securityProfile: profile.securityProfile)
    guard now != active else { return nil }
    active = now
    var record = RecordWriter()
    record.write(Int64(slot), field: 1)
    record.write(Int64(profile.securityProfile), field: 2)
    return .putDocument(.network, key: Self.activeKey, body: record.bytes)
  }

  /// A05.FR.06: removes every profile that is less secure than the one in use, for good.
  mutating func removeLess(secureThan securityProfile: Int32) -> (slots: [Int32], mutations: [StoreMutation]) {
    let slots = profiles.filter { $0.securityProfile < securityProfile }.map { $0.slot }
    profiles.removeAll { slots.contains($0.slot) }
    inUse.removeAll { slots.contains($0.slot) }
    for slot in slots { keepStored(slot, Self.removed(slot)) }
    return (slots, slots.map { .putDocument(.network, key: Self.key($0), body: Self.removed($0)) })
  }

  // MARK: Stored form. Field numbers: 1 the slot, 2 the request that set it, in JSON; without it the
  // slot was emptied (A05.FR.06). Of the active slot: 1 the slot, 2 its security profile.

  private static let activeKey = "active"
  private static func key(_ slot: Int32) -> String { "slot-\(slot)" }

  private static func removed(_ slot: Int32) -> [UInt8] {
    var record = RecordWriter()
    record.write(Int64(slot), field: 1)
    return record.bytes
  }

  private mutating func take(_ document: StoreSnapshot.Document) {
    var reader = RecordReader(document.body)
    var slot: Int32?
    var body: RecordReader.Value?
    while let (field, value) = try? reader.next() {
      if field == 1 { slot = value.int32 }
      if field == 2 { body = value }
    }
    guard let slot else { return }
    if document.key == Self.activeKey {
      active = body?.int32.map { Active(slot: slot, securityProfile: $0) }
      return
    }
    keepStored(slot, document.body)
    guard let body else { return profiles.removeAll { $0.slot == slot } }
    guard let data = body.data, let request = try? SetNetworkProfileRequest.decode(data, version: .v21) else { return }
    put(slot, request.connectionData)
  }

  private mutating func put(_ slot: Int32, _ connection: NetworkConnectionProfile) {
    let profile = Profile(
      slot: slot, url: connection.ocppCsmsUrl, identity: connection.identity ?? identity,
      basicAuthPassword: connection.basicAuthPassword.map { Array($0.utf8) } ?? basicAuthPassword,
      securityProfile: connection.securityProfile, interface: connection.ocppInterface,
      messageTimeout: Duration(clampingSeconds: Int64(connection.messageTimeout)), apn: connection.apn,
      vpn: connection.vpn)
    profiles.removeAll { $0.slot == slot }
    let place = profiles.firstIndex { $0.slot > slot } ?? profiles.endIndex
    profiles.insert(profile, at: place)
  }
}
