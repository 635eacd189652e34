import ChargerBase
import HAL

/// The signing sequence of an Iskra meter, on the line's thread: one exchange at each turn.
///
/// Begin: the meter must be idle (a session that nobody has ended is ended first), it gets time and metadata, the
/// command, and then signs. End: after a power failure it gets time and metadata once more, then the command. What it has
/// signed is read at both ends. A request that comes again, because its answer was lost, is not commanded twice.
struct IskraSigning {
  /// How long the meter may take for each.
  struct Limits {
    var stateChange: Duration = .seconds(1)
    var statePoll: Duration = .milliseconds(10)
    /// Attempts at one exchange, the first included.
    var attempts = 3
  }

  private enum Step: Equatable {
    case readState
    case write(UInt16, UInt16)
    case writeMetadata(from: Int)
    case command(UInt16)
    /// Until the meter is in the state that the command leads to.
    case awaitState(until: MonotonicInstant)
    case awaitSignature
    /// Until the meter has signed what nobody asked for, or has failed to.
    case awaitRest
    case readLengths
    case readSignedData
    case readSignature
    case readPublicKey
  }

  /// What the meter has been told, for a request that comes a second time.
  private struct Told: Equatable {
    var identification: String
    var context: SignedReadingRequest.Context
    var commandedAt: MonotonicInstant
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
  private var signedData: [UInt8] = []
  /// What was signed at the beginning: the answer to the end is another.
  private var signedAtBegin: [UInt8] = []
  private var signedLength = 0
  private var signature: [UInt8] = []
  private var signatureLength = 0
  private var publicKey: String?
  private(set) var due: MonotonicInstant?
  /// What went wrong with the last request, for people.
  private(set) var trouble: String?

  init(device: UInt8, registersPerRequest: Int, limits: Limits = Limits()) {
    self.device = device
    self.registersPerRequest = min(max(1, registersPerRequest), 120)
    self.limits = limits
  }

  var isBusy: Bool { request != nil }

  mutating func take(_ new: SignedReadingRequest, timeout: Duration, at now: MonotonicInstant) -> SignedReadingAnswer? {
    request = new
    until = now + timeout
    attempts = 0
    trouble = nil
    signedData = []
    signature = []
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
    return fail(.timedOut, "no signature in time")
  }

  /// One exchange; the answer when it was the last.
  mutating func turn(_ link: ModbusLink, at now: MonotonicInstant) throws(ModbusError) -> SignedReadingAnswer? {
    guard let step = steps.first else { return nil }
    due = now
    do throws(ModbusError) {
      let answer = try perform(step, link, at: now)
      attempts = 0
      return answer
    } catch {
      if case .lineLost = error { throw error }
      attempts += 1
      guard attempts < limits.attempts, !error.isRefusal else {
        return fail(error == .timeout ? .timedOut : .refused, "\(error)")
      }
      return nil
    }
  }

  // MARK: Steps

  private mutating func perform(
    _ step: Step, _ link: ModbusLink, at now: MonotonicInstant
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
    case .command(let command):
      guard let request else { return nil }
      // Noted first: when the answer is lost the meter may have begun all the same.
      told = Told(
        identification: request.identification,
        context: command == IskraRegisters.begin ? .transactionBegin : .transactionEnd, commandedAt: now)
      advance()
      if let place = steps.firstIndex(where: { if case .awaitState = $0 { true } else { false } }) {
        steps[place] = .awaitState(until: now + limits.stateChange)
      }
      // The step is gone already, so that it is never given twice.
      do throws(ModbusError) {
        try link.write(device: device, address: IskraRegisters.command, value: command)
      } catch {
        if case .lineLost = error { throw error }
        if error.isRefusal {
          told = nil
          return fail(.refused, "the command: \(error)")
        }
      }
    case .awaitState(let limit):
      let words = try link.read(.holding, device: device, address: IskraRegisters.state, count: 1)
      let isBegun = told?.context == .transactionBegin
      if (IskraRegisters.State(words[0]) != .idle) == isBegun {
        advance()
      } else if now >= limit {
        return try refusedCommand(link)
      } else {
        due = now + limits.statePoll
      }
    case .awaitSignature:
      let words = try link.read(.holding, device: device, address: IskraRegisters.status, count: 1)
      switch words[0] {
      case 15: advance()
      case 128...: return fail(.refused, IskraRegisters.statusText(words[0]))
      default: due = now + limits.statePoll
      }
    case .awaitRest:
      let words = try link.read(.holding, device: device, address: IskraRegisters.status, count: 1)
      if words[0] == 15 || words[0] >= 128 { advance() } else { due = now + limits.statePoll }
    case .readLengths:
      let words = try link.read(.holding, device: device, address: IskraRegisters.lengths, count: 2)
      signedLength = Int(words[0])
      signatureLength = Int(words[1])
      guard (1...IskraRegisters.maximumSignedData).contains(signedLength),
        (1...IskraRegisters.maximumSignature).contains(signatureLength)
      else { return fail(.refused, "\(signedLength) bytes of data with \(signatureLength) of signature") }
      advance()
    case .readSignedData:
      try read(IskraRegisters.signedData, length: signedLength, into: &signedData, link)
      if signedData.count >= signedLength { advance() }
    case .readSignature:
      try read(IskraRegisters.signature, length: signatureLength, into: &signature, link)
      if signature.count >= signatureLength { advance() }
    case .readPublicKey:
      let words = try link.read(
        .holding, device: device, address: IskraRegisters.publicKey, count: IskraRegisters.publicKeyRegisters)
      publicKey = IskraRegisters.publicKeyPrefix + IskraText.hexadecimal(Self.bytes(words))
      advance()
    }
    return steps.isEmpty ? finish(at: now) : nil
  }

  private mutating func advance() { if !steps.isEmpty { steps.removeFirst() } }

  private func read(
    _ first: UInt16, length: Int, into bytes: inout [UInt8], _ link: ModbusLink
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
    let reading: [Step] =
      [.awaitSignature, .readLengths, .readSignedData, .readSignature] + (publicKey == nil ? [.readPublicKey] : [])
    let isTold = told?.identification == request.identification && told?.context == request.context
    switch (request.context, state) {
    case (.transactionBegin, .idle):
      steps = preparation(request) + [.command(IskraRegisters.begin), .awaitState(until: .zero)] + reading
    case (.transactionBegin, .active) where isTold:
      steps = reading
    case (.transactionBegin, _):
      // A session that nobody has ended, from before a restart: it is ended, and what it signs is nobody's.
      steps =
        (state == .activeAfterPowerFailure ? preparation(request) : [])
        + [.command(IskraRegisters.end), .awaitState(until: .zero), .awaitRest, .readState]
    case (.transactionEnd, .idle):
      guard isTold else { return fail(.refused, "the meter has no session to end") }
      steps = reading
    case (.transactionEnd, _):
      steps =
        (state == .activeAfterPowerFailure ? preparation(request) : [])
        + [.command(IskraRegisters.end), .awaitState(until: .zero)] + reading
    }
    return nil
  }

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
  private mutating func refusedCommand(_ link: ModbusLink) throws(ModbusError) -> SignedReadingAnswer? {
    let words = try link.read(.holding, device: device, address: IskraRegisters.status, count: 1)
    told = nil
    return fail(.refused, "the command was not followed: \(IskraRegisters.statusText(words[0]))")
  }

  private mutating func finish(at now: MonotonicInstant) -> SignedReadingAnswer? {
    guard let request else { return nil }
    if request.context == .transactionEnd, signedData == signedAtBegin {
      // The meter has not begun to sign the end yet, and still shows the begin.
      signedData = []
      signature = []
      steps = [.awaitSignature, .readLengths, .readSignedData, .readSignature]
      due = now + limits.statePoll
      return nil
    }
    if request.context == .transactionBegin { signedAtBegin = signedData }
    let payload = String(decoding: signedData, as: UTF8.self)
    guard !signedData.contains(UInt8(ascii: "|")), let register = IskraText.register(in: payload) else {
      return fail(.refused, "what it has signed has no register")
    }
    let text = "OCMF|\(payload)|{\"SD\":\"\(IskraText.hexadecimal(IskraText.canonicalSignature(signature)))\"}"
    let reading = SignedReading(
      importRegister: register, signedData: text, encodingMethod: "OCMF",
      signingMethod: "ECDSA-secp256r1-SHA256", publicKey: publicKey ?? "", takenAt: told?.commandedAt ?? now)
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
