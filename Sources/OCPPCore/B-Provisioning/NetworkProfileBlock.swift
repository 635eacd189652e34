import ChargerBase
import OCPPPorts
import OCPPTypes

/// B09 SetNetworkProfile, and what B10 and A05 say about the list of slots.
final class NetworkProfileBlock: FunctionalBlock {
  private unowned let engine: ChargePoint
  /// Slots.
  private var beingStored = OrdersBeingStored<Int32>()

  init(_ engine: ChargePoint) { self.engine = engine }

  var incomingActions: [OCPPAction] { [.setNetworkProfile] }

  func handle(_ call: IncomingCall) throws(MessageViolation) {
    let request = try SetNetworkProfileRequest.decode(call.payload, version: call.version, limits: engine.limits)
    let slot = request.configurationSlot
    let profile = request.connectionData
    if let objection = objection(to: profile, in: slot) {
      return answer(call, .rejected, objection)
    }
    // B09.FR.03
    let failure = ValueObjection("StorageFailure", "the profile could not be stored")
    guard !beingStored.isFull else { return answer(call, .failed, failure) }
    beingStored.begin(slot)
    engine.writer.write([engine.network.mutation(slot, profile)], .full, .once) { [engine] isStored in
      // What was answered as failed, or not at all, is not carried out.
      let isCarriedOut = isStored && call.isOpen
      let isOutdated = self.beingStored.end(slot, isStored: isStored, isCarriedOut: isCarriedOut)
      guard isCarriedOut else {
        if isOutdated {
          engine.note(EngineEvent(.configuration, "network profile \(slot) came too late and is not used"))
          engine.writer.write([engine.network.mutation(slot)], .full, .untilStored)
        }
        return self.answer(call, .failed, failure)
      }
      let used = engine.session.openAttempt == nil ? engine.network.active?.slot : engine.session.slot
      engine.network.set(slot, profile, inUse: used)
      engine.note(EngineEvent(.configuration, "network profile \(slot) was set"))
      engine.security?.raise(.reconfigurationOfSecurityParameters, "network profile \(slot)")
      self.answer(call, .accepted, nil)
    }
  }

  private func answer(_ call: IncomingCall, _ status: SetNetworkProfileStatus, _ objection: ValueObjection?) {
    let info = objection.map { StatusInfo(reasonCode: $0.reason, additionalInfo: String($0.detail.prefix(512))) }
    call.respond { writer, version in
      SetNetworkProfileResponse(status: status, statusInfo: info).encode(into: &writer, version: version)
    }
  }

  // MARK: Profiles

  /// B09.FR.02, B09.FR.04, B09.FR.05, B09.FR.31.
  private func objection(to profile: NetworkConnectionProfile, in slot: Int32) -> ValueObjection? {
    let known = engine.deviceModel.allowedMembers(of: .networkConfigurationPriority)
    guard known.contains(String(slot)) else {
      return ValueObjection("InvalidConfSlot", "slots are \(known.joined(separator: ","))")
    }
    if let objection = downgradeObjection(to: profile.securityProfile) { return objection }
    func invalid(_ text: String) -> ValueObjection { ValueObjection("InvalidNetworkConf", text) }
    guard profile.ocppTransport == .json else { return invalid("ocppTransport: JSON only") }
    if let version = profile.ocppVersion, !isSpoken(version) { return invalid("ocppVersion: not spoken here") }
    guard (0...3).contains(profile.securityProfile) else { return invalid("securityProfile: 1 to 3") }
    if profile.securityProfile == 0, engine.network.securityProfile != 0 { return invalid("securityProfile: 1 to 3") }
    guard (1...86_400).contains(profile.messageTimeout) else { return invalid("messageTimeout: 1 to 86400 s") }
    let needsTLS = profile.securityProfile >= 2
    let scheme = needsTLS ? "wss://" : "ws://"
    guard Self.hasHost(profile.ocppCsmsUrl, scheme: scheme) else {
      return invalid("ocppCsmsUrl: \(scheme)HOST[:PORT][/PATH] with security profile \(profile.securityProfile)")
    }
    let isValid = engine.delegate?.chargePoint(engine, validateNetworkProfile: profile, slot: slot) ?? false
    return isValid ? nil : invalid("the station cannot use this interface, APN or VPN")
  }

  private func isSpoken(_ version: OCPPVersionKind) -> Bool {
    switch version {
    case .ocpp20, .ocpp201: engine.configuration.versions.contains(.v201)
    case .ocpp21: engine.configuration.versions.contains(.v21)
    default: false
    }
  }

  /// The transport reads the rest at the dial; what can never be dialed is refused here.
  private static func hasHost(_ url: String, scheme: String) -> Bool {
    guard url.lowercased().hasPrefix(scheme) else { return false }
    let rest = url.utf8.dropFirst(scheme.utf8.count)
    guard let first = rest.first, first != UInt8(ascii: "/"), first != UInt8(ascii: ":") else { return false }
    return rest.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// A00.FR.005: not lower than what is in use; 3 to 2 where it is allowed, to 1 never.
  private func downgradeObjection(to wanted: Int32) -> ValueObjection? {
    let present = engine.network.securityProfile
    guard wanted < present else { return nil }
    if wanted == 2, engine.deviceModel.bool(.allowSecurityProfileDowngrade) { return nil }
    return ValueObjection("NoSecurityDowngrade", "security profile \(present) is in use")
  }

  // MARK: The list of slots

  /// Why NetworkConfigurationPriority cannot become this (B10.FR.02, A05.FR.02, A05.FR.03, A05.FR.08 to FR.10).
  func objection(toPriority value: String) -> ValueObjection? {
    let present = engine.network.securityProfile
    for member in VariableCharacter.list(value) {
      guard let slot = Int32(member), let profile = engine.network.profile(slot) else {
        return ValueObjection("InvalidNetworkConf", "slot \(member) holds no network profile")
      }
      let wanted = profile.securityProfile
      if let objection = downgradeObjection(to: wanted) { return objection }
      guard wanted > present, wanted >= 2 else { continue }
      let certificates = engine.configuration.certificates
      if !certificates.hasCSMSRoot {
        return ValueObjection("InvalidNetworkConf", "slot \(member) needs a root certificate of the CSMS")
      }
      if wanted == 3, !certificates.hasChargingStation {
        return ValueObjection("InvalidNetworkConf", "slot \(member) needs a certificate of the station")
      }
    }
    return nil
  }
}
