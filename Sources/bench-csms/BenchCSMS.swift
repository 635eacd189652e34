import ArgumentParser
import CLinux
import ChargerBase
import NIOPosix
import OCPPJSON

@main
struct BenchCSMS: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-csms",
    abstract: "A small CSMS for bench, demo and tests (OCPP 2.0.1 over WebSocket).",
    discussion: """
      Accepts every station at ws://HOST:PORT/IDENTITY, answers all it asks, tells in plain words what it hears and \
      checks it: schemas, sequence numbers, times and energy registers. Ends with status 0 at SIGTERM.
      """)

  @Option(help: "Address to listen on, HOST:PORT. Port 0 takes a free one and tells it.")
  var listen = "127.0.0.1:9210"

  @Option(help: "Port, instead of the one in --listen.")
  var port: Int?

  @Option(help: "Unix socket for JSON-RPC (csms.send, csms.transactions, csms.verdict …).")
  var control: String?

  @Option(help: "File that keeps the transaction events, one JSON object a line.")
  var store: String?

  @Option(help: "File of the token book and the prices (JSON); made when it is missing, kept up to date.")
  var tokens: String?

  @Option(help: "Password that stations must give (HTTP Basic, the user is the identity).")
  var password: String?

  @Option(help: "Seconds between heartbeats, told at boot.")
  var interval = 300

  @Flag(help: "Accept every card that the token book does not know (the default of a new book).")
  var acceptAll = false

  @Option(parsing: .upToNextOption, help: "Cards that may not charge in this run, whatever the token book says.")
  var blocked: [String] = []

  @Flag(help: "Tell nothing but the address.")
  var quiet = false

  func validate() throws {
    guard address != nil else { throw ValidationError("--listen takes HOST:PORT, not \(listen)") }
    guard (1...86_400).contains(interval) else { throw ValidationError("--interval takes 1 to 86400 seconds") }
  }

  private var address: (host: String, port: Int)? {
    guard let colon = listen.lastIndex(of: ":") else { return nil }
    var host = listen[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard let number = port ?? Int(listen[listen.index(after: colon)...]), (0...65_535).contains(number) else {
      return nil
    }
    return (host.isEmpty ? "127.0.0.1" : String(host), number)
  }

  func run() throws {
    guard let address else { return }
    // Before any thread is made: all of them inherit the mask, and the signals come to `sigwait` alone.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)

    let output = Output(isQuiet: quiet)
    var answers = StationAnswers(tokens: TokenBook(blocked: blocked), heartbeatInterval: interval)
    var localLists = LocalListKeeper()
    let documents = Documents(bookPath: tokens)
    if let words = documents.load(&answers, &localLists) { throw ValidationError(words) }
    if acceptAll { answers.tokens.policy.unknown = .accepted }
    var ledger = CSMSLedger(answers: answers)
    var file: TransactionFile?
    if let store {
      file = TransactionFile(path: store)
      guard let file else { throw ValidationError("cannot open \(store)") }
      for line in file.lines() {
        guard let event = line["event"], let station = line["station"]?.string else { continue }
        let heard = line["time"]?.wallTime ?? WallTime(millisecondsSinceEpoch: linux_realtime_ms())
        ledger.remember(event, station: station, heard: heard)
      }
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let csms = CSMS(
      eventLoop: group.next(), ledger: ledger, output: output, file: file, documents: documents, localLists: localLists)
    var socket: ControlSocket?
    if let control {
      socket = ControlSocket(path: control, csms: csms)
      try socket?.start()
    }
    let port = try WebSocketServer(csms: csms, password: password).start(host: address.host, port: address.port)
    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
    output.line("listening on ws://\(host):\(port)")

    var received: Int32 = 0
    while sigwait(&signals, &received) != 0 {}
    _ = socket
    if let control { unlink(control) }
    output.say("ended: \(csms.verdictWords)")
    try group.syncShutdownGracefully()
  }
}

extension CSMS {
  /// Told at the end.
  var verdictWords: String {
    let verdict = (try? eventLoop.submit { self.ledger.verdict }.wait()) ?? .null
    func number(_ name: String) -> String { verdict[name]?.description ?? "?" }
    return "\(number("transactions")) transactions, \(number("correct")) complete and correct, "
      + "\(number("problems")) problems"
  }
}
