import CLinux
import ChargerBase
import HAL

/// An Iskra WM3M4 or WM3M4C on a Modbus line: read by its register map like any meter, and signing in OCMF on request.
///
/// A request's answer comes within `signingTimeout`, whatever the meter does; the meter's session outlives this program
/// and its own power failure, and the request that ends it may come from a program that was started anew.
public final class IskraSigningMeter: EnergyMeter {
  private let bus: ModbusBus
  private let mailbox = MeterMailbox()
  private var silence: MeterSilence
  private var queue: SigningQueue
  public private(set) var latest: MeterReading?

  public init(on bus: ModbusBus, map: RegisterMap, polling: MeterPolling, signingTimeout: Duration = .seconds(20)) {
    self.bus = bus
    silence = MeterSilence(limit: polling.silentAfter)
    queue = SigningQueue(timeout: signingTimeout)
    let poller = MeterPoller(map, polling, bus: bus, mailbox: mailbox)
    let signing = IskraSigning(
      device: polling.device, registersPerRequest: map.registersPerRequest,
      limits: IskraSigning.Limits(lateAnswer: bus.settings.responseTimeout))
    bus.add(IskraClient(poller, signing, device: polling.device, bus: bus, mailbox: mailbox))
  }

  public var wakeDescriptor: Int32? { mailbox.descriptor }
  public var health: DriverHealth { silence.health }
  public var signingTimeout: Duration? { queue.timeout }

  public func service(at now: MonotonicInstant) {
    mailbox.silence()
    if let reading = mailbox.takeReading() {
      latest = reading
      silence.heard(at: reading.takenAt)
    }
    if let answer = mailbox.takeAnswer() { queue.take(answer) }
    queue.check(at: now)
    silence.check(at: now)
  }

  public func requestSignedReading(_ request: SignedReadingRequest) -> Bool {
    let until = MonotonicInstant(nanoseconds: linux_boottime_ns()) + queue.timeout
    let question = MeterMailbox.Question(request: request, delivered: queue.delivered, until: until)
    guard queue.isFree, silence.health == .alive, latest != nil, mailbox.ask(question) else { return false }
    queue.took(request.number, until: until)
    bus.wake()
    return true
  }

  public func takeSignedReading() -> SignedReadingAnswer? { queue.takeAnswer() }
}

/// The meter on the line's thread: readings and signing take turns.
private final class IskraClient: ModbusClient, @unchecked Sendable {  // the line's thread uses it alone
  private let poller: MeterPoller
  private let mailbox: MeterMailbox
  private let report: ModbusReport
  private let device: UInt8
  private var signing: IskraSigning
  private var isSigningsTurn = true

  init(
    _ poller: MeterPoller, _ signing: IskraSigning, device: UInt8, bus: ModbusBus, mailbox: MeterMailbox
  ) {
    self.poller = poller
    self.mailbox = mailbox
    self.device = device
    report = bus.report
    self.signing = signing
  }

  var due: MonotonicInstant? {
    takeRequest()
    guard let next = signing.due else { return poller.due }
    return min(next, poller.due ?? next)
  }

  func turn(_ link: ModbusLink, at now: MonotonicInstant) throws(ModbusError) {
    if let answer = signing.expire(at: now) { post(answer) }
    let signingIsDue = signing.due.map { $0 <= now } ?? false
    let pollerIsDue = poller.due.map { $0 <= now } ?? false
    guard signingIsDue, isSigningsTurn || !pollerIsDue else {
      isSigningsTurn = true
      return try poller.turn(link, at: now)
    }
    isSigningsTurn = false
    if let answer = try signing.turn(link, at: now) { post(answer) }
  }

  func lineWasLost(at now: MonotonicInstant) {
    signing.lineWasLost(at: now)
    poller.lineWasLost(at: now)
  }

  /// A newer request takes the place of one that its owner has given up. One that has lain here until its owner gave it
  /// up, while the line was lost, is not given to the meter: its session would begin in the middle of a transaction.
  private func takeRequest() {
    guard let question = mailbox.takeRequest() else { return }
    let now = MonotonicInstant(nanoseconds: linux_boottime_ns())
    guard now < question.until else { return }
    let answer = signing.take(question.request, delivered: question.delivered, until: question.until, at: now)
    if let answer { post(answer) }
  }

  private func post(_ answer: SignedReadingAnswer) {
    if case .failed = answer, let trouble = signing.trouble {
      report.begin(.signing(device), "it has not signed: \(trouble)")
    } else {
      report.end(.signing(device), "it signs again")
    }
    mailbox.post(answer)
  }
}
