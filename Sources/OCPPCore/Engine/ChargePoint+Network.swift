import ChargerBase
import OCPPPorts
import OCPPTypes

// From the slot that the session machine has chosen to a dial, and what a link that stands changes (B10, A05).

/// What has to be brought up before a dial: an interface, a modem, a tunnel.
public struct NetworkConfigurationRequest: Sendable, Equatable {
  /// Names the dial; the answer carries it.
  public var attempt: LinkAttempt
  public var profile: ChargePointConfiguration.NetworkProfile
}

/// The firmware's answer to a `NetworkConfigurationRequest`.
public enum NetworkConfigurationAnswer: Sendable, Equatable {
  /// Dial now, from this local IP address; nil leaves it to the system.
  case ready(localAddress: String? = nil)
  /// `networkConfigured` will be called; after the configuration's time for it the dial has failed.
  case later
  case failed(String)
}

/// A dial that waits for its network.
struct PendingDial {
  var request: NetworkConfigurationRequest
  var deadline: MonotonicInstant
}

extension ChargePoint {
  func dial(_ attempt: LinkAttempt, _ slot: Int32) {
    guard let profile = network.target(slot) else {
      return dialFailed(attempt, "no network profile in slot \(slot)")
    }
    linkStatus.configurationSlot = slot
    linkStatus.url = profile.url
    let request = NetworkConfigurationRequest(attempt: attempt, profile: profile)
    pendingDial = PendingDial(request: request, deadline: now + configuration.networkConfigurationTimeout)
    take(delegate?.chargePoint(self, configureNetworkConnectionProfile: request) ?? .ready(), for: attempt)
  }

  /// The answer to `configureNetworkConnectionProfile` that was to come later; one that nobody waits for is ignored.
  public func networkConfigured(_ attempt: LinkAttempt, _ answer: NetworkConfigurationAnswer) {
    turn { take(answer, for: attempt) }
  }

  private func take(_ answer: NetworkConfigurationAnswer, for attempt: LinkAttempt) {
    guard let pending = pendingDial, pending.request.attempt == attempt else { return }
    switch answer {
    case .later: break
    case .failed(let why):
      pendingDial = nil
      dialFailed(attempt, "the network could not be configured: \(why)")
    case .ready(let localAddress):
      pendingDial = nil
      open(pending.request.profile, attempt, from: localAddress)
    }
  }

  private func open(
    _ profile: ChargePointConfiguration.NetworkProfile, _ attempt: LinkAttempt, from localAddress: String?
  ) {
    let password = deviceModel.text(.basicAuthPassword)
    var target = LinkTarget(url: profile.url, identity: profile.identity)
    target.basicAuthPassword = password.isEmpty ? profile.basicAuthPassword : Array(password.utf8)
    target.securityProfile = profile.securityProfile
    target.versions = configuration.versions
    target.pingInterval = deviceModel.seconds(.webSocketPingInterval)
    target.maximumFrameBytes = configuration.maximumFrameBytes
    target.localAddress = localAddress
    link.open(target, attempt: attempt)
  }

  /// A dial that never reached the link; told in a later step, as the link would.
  private func dialFailed(_ attempt: LinkAttempt, _ why: String) {
    later { [weak self] in
      self?.linkEvent(.failed(attempt, LinkFailure(.network, detail: why)))
    }
  }

  /// The network was not brought up in time.
  func expirePendingDial() {
    guard let pending = pendingDial, pending.deadline <= now else { return }
    pendingDial = nil
    dialFailed(pending.request.attempt, "the network was not configured in time")
  }

  /// The dial is not wanted any more; true when the link knows nothing of it.
  func cancelPendingDial() -> Bool {
    guard let pending = pendingDial else { return false }
    pendingDial = nil
    dialFailed(pending.request.attempt, "closed before the dial")
    return true
  }

  // MARK: A link that stands

  /// ActiveNetworkProfile and SecurityProfile are those of the last link that stood, also after a restart; profiles that
  /// are less secure than it go (A05.FR.06).
  func networkOpened() {
    guard let slot = session.slot, let profile = network.target(slot) else { return }
    showNetwork(profile)
    var mutations = network.opened(slot).map { [$0] } ?? []
    let (removed, removals) = network.removeLess(secureThan: profile.securityProfile)
    mutations += removals
    if !removed.isEmpty {
      let left = networkConnectionSlots.filter { !removed.contains($0) }
      let slots = left.isEmpty ? [slot] : left
      let key = StationVariable.networkConfigurationPriority.key
      let value = slots.map { String($0) }.joined(separator: ",")
      if case .change(let change) = deviceModel.change(key, .actual, to: value, locally: true) {
        if let document = change.document { mutations.append(document) }
        applied(change)
        session.setPriority(slots)
      }
      let names = removed.map { String($0) }.joined(separator: ",")
      note(EngineEvent(.configuration, "network profiles \(names) were removed: they are less secure"))
    }
    if !mutations.isEmpty { writer.write(mutations, .full, .untilStored) }
  }

  func showNetwork(_ profile: ChargePointConfiguration.NetworkProfile) {
    deviceModel.set(.activeNetworkProfile, String(profile.slot))
    deviceModel.set(.securityProfile, String(profile.securityProfile))
    deviceModel.set(.identity, profile.identity)
    deviceModel.set(.messageTimeout, profile.messageTimeout.map { String($0.wholeSeconds) } ?? usualMessageTimeout)
  }

  /// What the stored profiles and the command line say, before the first dial.
  func startNetwork() {
    // B10.FR.02 keeps slots without a profile out of the list; one whose profile is gone since is passed over, and comes
    // back with it.
    let listed = networkConnectionSlots
    let usable = listed.filter { network.profile($0) != nil }
    if usable != listed {
      deviceModel.set(.networkConfigurationPriority, usable.map { String($0) }.joined(separator: ","))
      note(EngineEvent(.configuration, "NetworkConfigurationPriority names slots without a profile: \(listed)"))
    }
    if let override = configuration.urlOverride {
      overriddenSlot = network.override(override, activeSlot: usable.first)
    }
    if let active = network.active, let profile = network.target(active.slot) {
      showNetwork(profile)
      deviceModel.set(.securityProfile, String(active.securityProfile))
    }
  }
}
