import CLinux
import ChargerBase
import HAL

/// How a meter is asked.
public struct MeterPolling: Sendable, Hashable {
  /// 1…247; over TCP also 0 and 255.
  public var device: UInt8
  /// Attempts after the first, for all requests of one cycle together.
  public var retries: Int
  /// After this long without a reading the driver is silent. After any failure the meter must show again that it is the
  /// right one.
  public var silentAfter: Duration
  /// Intervals between attempts at a meter that does not answer: twice as long each time, up to this many intervals of
  /// the map.
  public var rarestAttempt: Int

  public init(device: UInt8, retries: Int = 2, silentAfter: Duration = .seconds(5), rarestAttempt: Int = 8) {
    self.device = device
    self.retries = retries
    self.silentAfter = silentAfter
    self.rarestAttempt = rarestAttempt
  }
}

/// Reads one meter by its map, on the line's thread: cycle by cycle, each of as many requests as the map needs.
///
/// A reading's time is the beginning of the first request that brought one of its values: no value in it is older. A
/// cycle that fails gives no reading at all. A group that is read less often is in the readings of its own cycles alone.
final class MeterPoller: ModbusClient, @unchecked Sendable {  // the line's thread uses it alone after `ModbusBus.add`
  private enum Step: Equatable {
    case probe(Int)
    case block(ReadBlock)
  }

  private let map: RegisterMap
  private let polling: MeterPolling
  private let mailbox: MeterMailbox
  private let report: ModbusReport
  /// The line's response timeout: a late answer is let pass for so long before the same meter is asked again.
  private let lateAnswer: Duration
  private let interval: Duration

  private var plan: ReadPlan
  private var joins = true
  private var groupDue: [MonotonicInstant]
  private var steps: [Step] = []
  private var image = RegisterImage()
  private var takenAt: MonotonicInstant?
  private var attemptsLeft = 0
  /// A probe has shown another meter than the map's, or another than before: why, it has told already.
  private var isWrongMeter = false
  /// Something in this cycle was answered.
  private var hasAnswered = false
  private var failedCycles = 0
  private var isProven = false
  private var serial: [UInt16]?
  private var lastReading: MonotonicInstant?
  private var importRollOver: RegisterRollOver
  private var exportRollOver: RegisterRollOver
  private(set) var due: MonotonicInstant? = .zero

  init(_ map: RegisterMap, _ polling: MeterPolling, bus: ModbusBus, mailbox: MeterMailbox) {
    self.map = map
    self.polling = polling
    self.mailbox = mailbox
    report = bus.report
    lateAnswer = bus.settings.responseTimeout
    interval = map.groups.map(\.interval).min() ?? .seconds(1)
    plan = ReadPlan(map, joins: true)
    groupDue = map.groups.map { _ in .zero }
    importRollOver = RegisterRollOver(map, .importRegister)
    exportRollOver = RegisterRollOver(map, .exportRegister)
  }

  func turn(_ link: ModbusLink, at now: MonotonicInstant) throws(ModbusError) {
    if steps.isEmpty { begin(at: now) }
    guard let step = steps.first else { return }
    do throws(ModbusError) {
      switch step {
      case .probe(let place): try probe(place, link)
      case .block(let block):
        let words = try link.read(
          block.span.table, device: polling.device, address: UInt16(clamping: block.span.first), count: block.span.count
        )
        image.add(block.span, words)
        takenAt = min(takenAt ?? now, now)
        steps.removeFirst()
      }
      hasAnswered = true
      due = now
      if steps.isEmpty { finish(at: now) }
    } catch {
      if case .lineLost = error { throw error }
      // From the end of the exchange on: what is waited for now begins there.
      failed(error, step, at: link.now)
    }
  }

  func lineWasLost(at now: MonotonicInstant) {
    steps.removeAll()
    isProven = false
    // The line waits before it opens again; the meter is asked at once then.
    due = now
  }

  // MARK: A cycle

  private func begin(at now: MonotonicInstant) {
    image.removeAll()
    takenAt = nil
    hasAnswered = false
    isWrongMeter = false
    // A meter that is known to be silent costs the line one attempt.
    attemptsLeft = failedCycles == 0 ? polling.retries : 0
    if let lastReading, lastReading.duration(to: now) >= polling.silentAfter { isProven = false }
    if !isProven { steps = map.probes.indices.map { .probe($0) } }
    for group in map.groups.indices where groupDue[group] <= now || !isProven {
      groupDue[group] = next(after: groupDue[group], map.groups[group].interval, now)
      steps += plan.groups[group].map { .block($0) }
    }
    if steps.isEmpty { due = groupDue.min() }
  }

  private func next(after due: MonotonicInstant, _ interval: Duration, _ now: MonotonicInstant) -> MonotonicInstant {
    let next = due + interval
    return next > now ? next : now + interval
  }

  private func finish(at now: MonotonicInstant) {
    due = groupDue.min()
    guard let takenAt else { return }
    // It was away for long while this cycle waited for it: another meter may have come in its place.
    if isProven, let lastReading, lastReading.duration(to: takenAt) >= polling.silentAfter { return retire(at: now) }
    isProven = true
    var reading = MeterReading(takenAt: takenAt)
    var isEmpty = true
    for value in map.values {
      guard let thousandths = image.thousandths(value) else { continue }
      reading.set(value.target, thousandths: thousandths)
      isEmpty = false
    }
    // A meter of which nothing can be read is no meter.
    guard !isEmpty else {
      report.begin(.device(polling.device), "it gives none of the values of \(map.name)")
      return retire(at: now)
    }
    reading.importRegister = reading.importRegister.map { importRollOver.absolute($0, at: takenAt) }
    reading.exportRegister = reading.exportRegister.map { exportRollOver.absolute($0, at: takenAt) }
    failedCycles = 0
    lastReading = takenAt
    report.end(.identity(polling.device), "it is the right meter again")
    report.end(.device(polling.device), "it answers again")
    mailbox.post(reading)
  }

  private func failed(_ error: ModbusError, _ step: Step, at now: MonotonicInstant) {
    // A meter that has shown its number once and refuses it now is another one.
    if error.isRefusal, serial == nil, case .probe(let place) = step, map.probes[place].isSerial {
      report.begin(
        .finding(polling.device, register: map.probes[place].span.first),
        "\(map.probes[place].name) is refused (\(error)): it is not watched")
      steps.removeFirst()
      due = now
      return
    }
    if error.isRefusal, case .block(let block) = step {
      if block.hasGaps, joins {
        // It may be one of the registers that nobody wants: from now on each run of wanted ones by itself.
        joins = false
        plan = ReadPlan(map, joins: false)
        steps = steps.flatMap { step -> [Step] in
          guard case .block(let old) = step else { return [step] }
          return plan.groups.joined().filter { old.span.contains($0.span) }.map { .block($0) }
        }
      } else if case let parts = plan.split(block, map), !parts.isEmpty {
        steps.replaceSubrange(0..<1, with: parts.map { .block($0) })
      } else {
        report.begin(
          .finding(polling.device, register: block.span.first),
          "registers from \(block.span.first) on are refused (\(error)): no such values")
        steps.removeFirst()
      }
      due = now
      if steps.isEmpty { finish(at: now) }
      return
    }
    attemptsLeft -= 1
    if attemptsLeft >= 0 {
      due = now + (error == .timeout ? lateAnswer : .zero)
    } else if error == .timeout, hasAnswered, serial == nil, case .probe(let place) = step, map.probes[place].isSerial {
      // Some meters say nothing to a request for registers that they do not have.
      report.begin(
        .finding(polling.device, register: map.probes[place].span.first),
        "\(map.probes[place].name) gives no answer: it is not watched")
      steps.removeFirst()
      attemptsLeft = 0
      due = now + lateAnswer
      if steps.isEmpty { finish(at: now) }
    } else {
      if !isWrongMeter { report.begin(.device(polling.device), "\(error)") }
      retire(at: now)
    }
  }

  /// Gives the cycle up and asks again later, ever more rarely.
  private func retire(at now: MonotonicInstant) {
    steps.removeAll()
    isProven = false
    let longest = interval * max(1, polling.rarestAttempt)
    var wait = interval
    for _ in 0..<min(failedCycles, 16) { wait = min(wait + wait, longest) }
    failedCycles = failedCycles.addingSaturating(1)
    due = now + max(wait, lateAnswer)
    for group in groupDue.indices { groupDue[group] = .zero }
  }

  // MARK: The right meter

  private func probe(_ place: Int, _ link: ModbusLink) throws(ModbusError) {
    let probe = map.probes[place]
    let words = try link.read(
      probe.span.table, device: polling.device, address: UInt16(clamping: probe.span.first), count: probe.span.count)
    var finding: String?
    switch probe.content {
    case .text(_, _, _, let prefix):
      let text = RegisterText.text(words)
      if !text.hasPrefix(prefix) { finding = "\(probe.name) is \"\(text)\", where \(map.name) has \"\(prefix)…\"" }
    case .number(let field, let scale, let range):
      let thousandths = field.number(in: words[...])?.thousandths(scale)
      if !(thousandths.map { range.contains(Decimal(thousandths: $0)) } ?? false) {
        let shown = thousandths.map { "\(Decimal(thousandths: $0))" } ?? "no number"
        finding = "\(probe.name) is \(shown), where \(map.name) has \(range.lowerBound)…\(range.upperBound)"
      }
    case .serialText, .serialNumber:
      if let serial, serial != words {
        finding = "\(probe.name) has changed: another meter; it is not read until the program starts anew"
      } else {
        serial = words
      }
    }
    guard finding == nil else {
      // Told also while the meter counts as silent: a meter that was exchanged has been silent before.
      report.begin(.identity(polling.device), finding ?? "")
      isWrongMeter = true
      throw .malformed
    }
    steps.removeFirst()
  }
}

/// Texts in registers, two bytes each.
enum RegisterText {
  /// Printable ASCII alone; without the blanks and zeros around it.
  static func text(_ words: [UInt16]) -> String {
    let bytes = words.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    let shown = bytes.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: " ") }
    let trimmed = shown.drop { $0 == UInt8(ascii: " ") }.reversed().drop { $0 == UInt8(ascii: " ") }.reversed()
    return String(decoding: trimmed, as: UTF8.self)
  }

  static func words(_ bytes: some Collection<UInt8>) -> [UInt16] {
    var words: [UInt16] = []
    words.reserveCapacity((bytes.count + 1) / 2)
    var high: UInt8?
    for byte in bytes {
      if let first = high {
        words.append(UInt16(first) << 8 | UInt16(byte))
        high = nil
      } else {
        high = byte
      }
    }
    if let high { words.append(UInt16(high) << 8) }
    return words
  }
}
