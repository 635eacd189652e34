import ChargerBase
import HAL

/// The signing sequence of an Iskra meter, on the line's thread: one exchange at each turn.
///
/// Begin: the meter must be idle (a session that nobody has ended is ended first), it gets time and metadata, the
/// command, and then signs. End: after a power failure it gets time and metadata once more, then the command. What it has
/// signed is read at both ends. A request that comes again, because its answer was lost, is not commanded twice. A session
/// that is over when its end is asked for was ended by a program that was killed: the set on show is taken if it is that
/// session's by the begin that it tells again.
///
/// Some of these meters go on showing the last set as good while they make the next, and put it in place at any moment.
/// So what counts as signed is one that was read twice in a row without a difference, carries another signature than the
/// one that was shown before the command, is a whole OCMF payload, and whose last reading is marked as the request's
/// (OCMF 1.4, `TX`). Until then it is read again, as long as the request may take.
struct IskraSigning {
  /// How long the meter may take for each.
  struct Limits {
    /// From the end of the exchange that brought the command.
    var stateChange: Duration = .seconds(1)
    var statePoll: Duration = .milliseconds(10)
    /// For a signature under way that nobody waits for any more, before the next command.
    var rest: Duration = .seconds(2)
    /// Before an exchange that has failed is tried again: this more for each time, up to ten times it.
    var retry: Duration = .milliseconds(50)
    /// For the answer to an exchange that was given up, before the next: it would be taken for that one's.
    var lateAnswer: Duration = .zero
  }

  private enum Step: Equatable {
    case readState
    case write(UInt16, UInt16)
    case writeMetadata(from: Int)
    /// Notes the signature that is shown before a command.
    case noteShown
    case command(UInt16)
    /// Ends a session that is nobody's.
    case endLeftOver
    /// Until the meter is in the state that the command leads to.
    case awaitState(isActive: Bool, until: MonotonicInstant?)
    case awaitSignature
    /// Until the meter has signed what nobody asked for, or has failed to.
    case awaitRest(isCommanded: Bool, until: MonotonicInstant?)
    case readLengths
    case readSignedData
    case readSignature
    /// Whether what was read is one set, and for a signature to be taken the right one.
    case compare
    case readPublicKey
  }

  /// What the meter has been told, for a request that comes a second time.
  private struct Told: Equatable {
    var identification: String
    var context: SignedReadingRequest.Context
    var commandedAt: MonotonicInstant
    /// The signature that the meter showed before: no answer to this command.
    var shown: [UInt8]?
    /// The request that it was the answer to.
    var answered: UInt32?
  }

  /// What the meter shows, as far as it was read.
  private struct Shown: Equatable {
    var lengths: [UInt16] = []
    var data: [UInt8] = []
    var signature: [UInt8] = []

    var dataLength: Int { Int(lengths.first ?? 0) }
    var signatureLength: Int { Int(lengths.last ?? 0) }
    var hasSignature: Bool { (1...IskraRegisters.maximumSignature).contains(signatureLength) }
    var isPossible: Bool { (1...IskraRegisters.maximumSignedData).contains(dataLength) && hasSignature }
  }

  private let device: UInt8
  /// What the meter takes and gives in one frame.
  private let registersPerRequest: Int
  private let limits: Limits
  private var request: SignedReadingRequest?
  private var until = MonotonicInstant.zero
  private var steps: [Step] = []
  private var attempts = 0
  private var metadata: [UInt8] = []
  private var told: Told?
  /// What is being read, and what was read in the reading before.
  private var shown = Shown()
  private var shownBefore: Shown?
  /// The signature on show before the command that comes next.
  private var formerSignature: [UInt8]?
  /// Why what is shown is not taken.
  private var doubt: String?
  /// The session was ended before this program was started.
  private var wasEndedBefore = false
  private var publicKey = ""
  private(set) var due: MonotonicInstant?
  /// What went wrong with the last request, for people.
  private(set) var trouble: String?

  init(device: UInt8, registersPerRequest: Int, limits: Limits = Limits()) {
    self.device = device
    self.registersPerRequest = min(max(1, registersPerRequest), 120)
    self.limits = limits
  }

  var isBusy: Bool { request != nil }

  /// - Parameter delivered: the last request whose signature has reached its owner: what comes now is no second time.
  mutating func take(
    _ new: SignedReadingRequest, delivered: UInt32?, until: MonotonicInstant, at now: MonotonicInstant
  ) -> SignedReadingAnswer? {
    if let delivered, told?.answered == delivered { told = nil }
    request = new
    self.until = until
    attempts = 0
    trouble = nil
    doubt = nil
    wasEndedBefore = false
    beginReading()
    guard let metadata = IskraText.metadata(identification: new.identification) else {
      return fail(.refused, "the identification has a character that OCMF does not allow")
    }
    self.metadata = metadata
    steps = [.readState]
    due = now
    return nil
  }

  /// The line was lost: the step is done again when it is back.
  mutating func lineWasLost(at now: MonotonicInstant) { if isBusy { due = now } }

  /// Gives up what nobody waits for any more.
  mutating func expire(at now: MonotonicInstant) -> SignedReadingAnswer? {
    guard isBusy, now >= until else { return nil }
    return fail(.timedOut, "no signature in time" + (doubt.map { ": \($0)" } ?? ""))
  }

  /// One exchange; the answer when it was the last.
  ///
  /// An exchange that fails is tried again for as long as the request may take: some of these meters are silent while they
  /// sign.
  mutating func turn(_ link: some RegisterLink, at now: MonotonicInstant) throws(ModbusError) -> SignedReadingAnswer? {
    guard let step = steps.first else { return nil }
    due = now
    do throws(ModbusError) {
      let answer = try perform(step, link, at: now)
      attempts = 0
      return answer
    } catch {
      if case .lineLost = error { throw error }
      if error.isRefusal { return fail(.refused, "\(error)") }
      attempts = min(attempts + 1, 10)
      doubt = "\(error)"
      due = link.now + max(error == .timeout ? limits.lateAnswer : .zero, limits.retry * attempts)
      return nil
    }
  }

  // MARK: Steps

  private mutating func perform(
    _ step: Step, _ link: some RegisterLink, at now: MonotonicInstant
  ) throws(ModbusError) -> SignedReadingAnswer? {
    switch step {
    case .readState:
      let words = try link.read(.holding, device: device, address: IskraRegisters.state, count: 1)
      return plan(IskraRegisters.State(words[0]))
    case .write(let address, let value):
      try link.write(device: device, address: address, value: value)
      advance()
    case .writeMetadata(let from):
      let words = RegisterText.words(metadata)
      let part = Array(words[from...].prefix(registersPerRequest))
      try link.write(device: device, address: IskraRegisters.metadata + UInt16(clamping: from), values: part)
      let next = from + part.count
      advance()
      if next < words.count { steps.insert(.writeMetadata(from: next), at: 0) }
    case .noteShown:
      if let before = shownBefore, before == shown {
        formerSignature = shown.hasSignature ? shown.signature : nil
        beginReading()
        advance()
      } else {
        shownBefore = shown
        shown = Shown()
        steps.insert(contentsOf: [.readLengths, .readSignature], at: 0)
      }
    case .command(let command):
      guard let request else { return nil }
      // Noted first: when the answer is lost the meter may have begun all the same.
      told = Told(
        identification: request.identification, context: request.context, commandedAt: now, shown: formerSignature)
      return try give(command, link)
    case .endLeftOver:
      told = nil
      return try give(IskraRegisters.end, link)
    case .awaitState(let isActive, let limit):
      let words = try link.read(.holding, device: device, address: IskraRegisters.state, count: 1)
      if (IskraRegisters.State(words[0]) != .idle) == isActive {
        advance()
      } else if let limit, now >= limit {
        // This reading was begun after the limit: however long the station stood still, the meter had its time.
        return try refusedCommand(link)
      } else {
        steps[0] = .awaitState(isActive: isActive, until: limit ?? now + limits.stateChange)
        due = now + limits.statePoll
      }
    case .awaitSignature:
      let words = try link.read(.holding, device: device, address: IskraRegisters.status, count: 1)
      switch words[0] {
      case IskraRegisters.signed: advance()
      case 128...:
        // A begin that was not signed is no begin: asked for again, it is given anew.
        if request?.context == .transactionBegin { told = nil }
        return fail(.refused, IskraRegisters.statusText(words[0]))
      case let status where wasEndedBefore && status != IskraRegisters.signing: return failWithoutSession()
      default: due = now + limits.statePoll
      }
    case .awaitRest(let isCommanded, let limit):
      let words = try link.read(.holding, device: device, address: IskraRegisters.status, count: 1)
      let isAtRest =
        isCommanded
        ? words[0] == IskraRegisters.signed || words[0] >= 128 : words[0] != IskraRegisters.signing
      if isAtRest || limit.map({ now >= $0 }) ?? false {
        advance()
      } else {
        steps[0] = .awaitRest(isCommanded: isCommanded, until: limit ?? now + limits.rest)
        due = now + limits.statePoll
      }
    case .readLengths:
      shown.lengths = try link.read(.holding, device: device, address: IskraRegisters.lengths, count: 2)
      advance()
    case .readSignedData:
      if shown.isPossible {
        try read(IskraRegisters.signedData, length: shown.dataLength, into: &shown.data, link)
      }
      if !shown.isPossible || shown.data.count >= shown.dataLength { advance() }
    case .readSignature:
      if shown.hasSignature {
        try read(IskraRegisters.signature, length: shown.signatureLength, into: &shown.signature, link)
      }
      if !shown.hasSignature || shown.signature.count >= shown.signatureLength { advance() }
    case .compare:
      return compare(at: now)
    case .readPublicKey:
      let words = try link.read(
        .holding, device: device, address: IskraRegisters.publicKey, count: IskraRegisters.publicKeyRegisters)
      publicKey = IskraRegisters.publicKeyPrefix + IskraText.hexadecimal(Self.bytes(words))
      advance()
    }
    return steps.isEmpty ? finish(at: now) : nil
  }

  private mutating func beginReading() {
    shown = Shown()
    shownBefore = nil
  }

  /// Gives a command once: its step is gone already when it fails.
  private mutating func give(_ command: UInt16, _ link: some RegisterLink) throws(ModbusError) -> SignedReadingAnswer? {
    advance()
    do throws(ModbusError) {
      try link.write(device: device, address: IskraRegisters.command, value: command)
    } catch {
      if case .lineLost = error { throw error }
      if error.isRefusal {
        told = nil
        return fail(.refused, "the command: \(error)")
      }
      due = link.now + limits.lateAnswer
    }
    return nil
  }

  private mutating func advance() { if !steps.isEmpty { steps.removeFirst() } }

  private func read(
    _ first: UInt16, length: Int, into bytes: inout [UInt8], _ link: some RegisterLink
  ) throws(ModbusError) {
    let missing = (length - bytes.count + 1) / 2
    let words = try link.read(
      .holding, device: device, address: first + UInt16(clamping: bytes.count / 2),
      count: min(missing, registersPerRequest))
    bytes += Self.bytes(words)
    if bytes.count > length { bytes.removeLast(bytes.count - length) }
  }

  private static func bytes(_ words: [UInt16]) -> [UInt8] {
    words.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
  }

  // MARK: The sequence

  private mutating func plan(_ state: IskraRegisters.State) -> SignedReadingAnswer? {
    guard let request else { return nil }
    if case .unknown(let word) = state { return fail(.refused, "the meter's session state is \(word)") }
    let reading = Self.reading + [.readPublicKey]
    let note: [Step] = [.awaitRest(isCommanded: false, until: nil), .noteShown]
    let isTold = told?.identification == request.identification && told?.context == request.context
    switch (request.context, state) {
    case (.transactionBegin, .idle):
      steps =
        preparation(request) + note
        + [.command(IskraRegisters.begin), .awaitState(isActive: true, until: nil)] + reading
    case (.transactionBegin, .active) where isTold:
      steps = reading
    case (.transactionBegin, _):
      // A session that nobody has ended, from before a restart: it is ended, and what it signs is nobody's.
      steps =
        (state == .activeAfterPowerFailure ? preparation(request) : [])
        + [
          .endLeftOver, .awaitState(isActive: false, until: nil), .awaitRest(isCommanded: true, until: nil), .readState,
        ]
    case (.transactionEnd, .idle):
      wasEndedBefore = !isTold
      guard isTold || request.signedBegin != nil else { return failWithoutSession() }
      steps = reading
    case (.transactionEnd, _):
      steps =
        (state == .activeAfterPowerFailure ? preparation(request) : []) + note
        + [.command(IskraRegisters.end), .awaitState(isActive: false, until: nil)] + reading
    }
    return nil
  }

  private static let reading: [Step] = [.awaitSignature, .readLengths, .readSignedData, .readSignature, .compare]

  /// Time and metadata. A station that does not know the time leaves the meter's own.
  private func preparation(_ request: SignedReadingRequest) -> [Step] {
    var steps: [Step] = []
    if let seconds = request.unixSeconds.flatMap({ UInt32(exactly: $0) }) {
      steps += [
        .write(IskraRegisters.timeHigh, UInt16(truncatingIfNeeded: seconds >> 16)),
        .write(IskraRegisters.timeLow, UInt16(truncatingIfNeeded: seconds)),
        .write(IskraRegisters.timeOffset, 0), .write(IskraRegisters.timeStatus, 2),
      ]
    }
    return steps + [
      .write(IskraRegisters.algorithm, IskraRegisters.ecdsaP256), .writeMetadata(from: 0),
      .write(IskraRegisters.metadataLength, UInt16(clamping: metadata.count)),
    ]
  }

  /// The meter has not followed a command: what it says of its status tells why.
  private mutating func refusedCommand(_ link: some RegisterLink) throws(ModbusError) -> SignedReadingAnswer? {
    let words = try link.read(.holding, device: device, address: IskraRegisters.status, count: 1)
    told = nil
    return fail(.refused, "the command was not followed: \(IskraRegisters.statusText(words[0]))")
  }

  private mutating func failWithoutSession() -> SignedReadingAnswer? {
    fail(.refused, "the meter has no session to end")
  }

  /// Whether what was read can be taken; else it is read again.
  private mutating func compare(at now: MonotonicInstant) -> SignedReadingAnswer? {
    guard let request else { return nil }
    guard let before = shownBefore, before == shown else {
      shownBefore = shown
      shown = Shown()
      steps.replaceSubrange(0..<1, with: Self.reading)
      return nil
    }
    let payload = OCMFPayload(shown.data)
    if wasEndedBefore {
      guard let begin = request.signedBegin.flatMap({ OCMFPayload(signedData: $0) }), shown.isPossible,
        payload?.ends(begin) == true
      else { return failWithoutSession() }
      advance()
      return steps.isEmpty ? finish(at: now) : nil
    }
    if !shown.isPossible {
      doubt = "\(shown.dataLength) bytes of data with \(shown.signatureLength) of signature"
    } else if shown.signature == told?.shown {
      doubt = "it still shows what it had signed before"
    } else if let payload, payload.isSigned(for: request.context) {
      advance()
      return steps.isEmpty ? finish(at: now) : nil
    } else {
      doubt =
        payload.map { "its last reading is marked \($0.mark ?? "as none of a transaction")" } ?? "it is no OCMF payload"
    }
    beginReading()
    steps.replaceSubrange(0..<1, with: Self.reading)
    due = now + limits.statePoll
    return nil
  }

  private mutating func finish(at now: MonotonicInstant) -> SignedReadingAnswer? {
    guard let request else { return nil }
    let payload = String(decoding: shown.data, as: UTF8.self)
    guard !shown.data.contains(UInt8(ascii: "|")), let register = OCMFPayload(shown.data)?.register else {
      return fail(.refused, "what it has signed has no register")
    }
    let signature = IskraText.hexadecimal(IskraText.canonicalSignature(shown.signature))
    let reading = SignedReading(
      importRegister: register, signedData: "OCMF|\(payload)|{\"SD\":\"\(signature)\"}", encodingMethod: "OCMF",
      signingMethod: "ECDSA-secp256r1-SHA256", publicKey: publicKey,
      takenAt: wasEndedBefore ? now : told?.commandedAt ?? now)
    told?.answered = request.number
    self.request = nil
    due = nil
    return .signed(number: request.number, reading)
  }

  private mutating func fail(_ failure: SignedReadingFailure, _ why: String) -> SignedReadingAnswer? {
    guard let request else { return nil }
    self.request = nil
    steps = []
    due = nil
    trouble = why
    return .failed(number: request.number, failure)
  }
}
