import ArgumentParser
import CLinux
import OCPPJSON

struct CSMSTransactions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transactions",
    abstract: "The transactions that the CSMS has heard of: who, where, how long, how much.")
  @OptionGroup var options: CSMSOptions
  @Option(name: .long, help: "One station's only.") var station: String?
  @Flag(name: .long, help: "Only those that have not ended.") var open = false
  @Option(name: .shortAndLong, help: "The newest so many, 1…1000.") var limit: Int32 = 20
  @Flag(name: .shortAndLong, help: "Draw the table anew every second, until you press Ctrl-C.") var watch = false

  func validate() throws {
    guard (1...1_000).contains(limit) else { throw ValidationError("--limit takes 1…1000.") }
  }

  var params: JSONValue {
    csmsMembers([
      ("station", station.map { .string($0) }), ("open", open ? true : nil), ("limit", JSONValue(limit)),
    ])
  }

  func run() throws {
    guard watch else {
      return try options.show("csms.transactions", params, as: CSMSTransactionText.table)
    }
    try Terminal.run { () throws(Failure) in
      var connection: Connection? = try options.connect()
      let isPage = Terminal.isInteractive && !options.json
      if isPage { Terminal.beginScreen() } else { Terminal.endsQuietly() }
      var last = ""
      while true {
        var text: String
        do throws(Failure) {
          let current: Connection
          if let connection { current = connection } else { current = try options.connect() }
          connection = current
          let answer = try current.call("csms.transactions", params)
          text = options.json ? answer.description : CSMSTransactionText.table(answer)
        } catch {
          connection = nil
          text = "\(error.text)\n\nTrying again …"
        }
        if isPage {
          draw(text)
        } else if text != last {
          Terminal.writeLine(text)
        }
        last = text
        sleep(1)
      }
    }
  }

  private func draw(_ text: String) {
    let size = Terminal.size
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(max(1, size.rows - 1))
    let page = lines.map { StyledText(String($0.prefix(size.columns))) }
    Terminal.write(LiveView.screen(page, inColour: false))
  }
}

struct CSMSTransaction: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transaction", abstract: "One transaction's whole story, event by event.")
  @OptionGroup var options: CSMSOptions
  @Argument(help: "The beginning of its id, as far as it is needed.") var id: String
  @Option(name: .long, help: "The station's identity.") var station: String?

  func run() throws {
    let params = csmsMembers([("id", .string(id)), ("station", station.map { .string($0) })])
    try options.show("csms.transaction", params, as: CSMSTransactionText.story)
  }
}

struct CSMSExport: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "All transactions as CSV (RFC 4180) or JSON, times in UTC.",
    discussion: """
      Columns: \(CSMSExportText.columns.joined(separator: ", ")); with --with-tokens id_token too. Energy and meter \
      readings are in watt-hours, durations in seconds; duration_s runs from start to end, charging_s is the station's \
      own count. Cost is the bench's own arithmetic from 'chargerctl csms prices'. Text that a spreadsheet would take \
      for a formula begins with an apostrophe. JSON has the same names.
      """)
  @OptionGroup var options: CSMSOptions
  @Option(name: .long, help: "csv or json.") var format: Format = .csv
  @Option(name: .long, help: "A file instead of the standard output; mode 0600.") var output: String?
  @Option(name: .long, help: "One station's only.") var station: String?
  @Flag(name: .long, help: "Whole card numbers in a column of their own; else only their ends are told.")
  var withTokens = false

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let records = try records(options.connect())
      let text =
        switch format {
        case .csv: CSMSExportText.csv(records, withTokens: withTokens)
        case .json: CSMSExportText.json(records, withTokens: withTokens)
        }
      guard let output else { return Terminal.write(text) }
      try FileAccess.replace(output, with: Array(text.utf8), mode: 0o600)
      Terminal.writeLine("\(records.count) transaction\(records.count == 1 ? "" : "s") written to \(output).")
    }
  }

  /// All of them, page by page.
  private func records(_ connection: Connection) throws(Failure) -> [JSONValue] {
    var records: [JSONValue] = []
    var after = 0
    while true {
      let params = csmsMembers([
        ("after", JSONValue(after)), ("limit", 500), ("station", station.map { .string($0) }),
        ("withTokens", withTokens ? true : nil),
      ])
      let page = try connection.call("csms.transactions", params)["transactions"]?.array ?? []
      guard let last = page.last?["number"]?.int, last > after else { return records }
      records += page
      after = last
    }
  }
}
