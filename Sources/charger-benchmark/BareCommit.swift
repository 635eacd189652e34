import OCPPPorts
import OCPPStorage

/// What SQLite alone does for one durable commit of a variable: the station's own database with the store's settings, the
/// store's statement and the bytes of row g1, and neither store nor engine around them.
enum BareCommit {
  static let name = "bare-commit"

  /// The inner run: so many commits on the database of a station that has stopped.
  static func run(rounds: Int, state: String) throws {
    let database = try SQLiteDatabase(path: state + "/station.db", create: false)
    try database.execute(StoreSchema.settings(checkpointPages: StoreOptions().checkpointPages))
    try database.execute("PRAGMA synchronous=FULL")
    let (key, body) = try variable(in: database)
    // Another value each time, in the last byte: one that is there already would not be written.
    let bodies = [body.dropLast() + [UInt8(ascii: "2")], body.dropLast() + [UInt8(ascii: "3")]].map { Array($0) }
    let begin = try database.prepare("BEGIN IMMEDIATE")
    let put = try database.prepare(StoreSchema.putDocument)
    let commit = try database.prepare("COMMIT")
    for round in 0..<rounds {
      try begin.run()
      try put.bind(Int64(DocumentKind.variable.rawValue), at: 1)
      try put.bind(key, at: 2)
      try put.bind(bodies[round % 2], at: 3)
      try put.run()
      try commit.run()
    }
    print("commits=\(rounds)")
  }

  /// As row g1 has left it.
  private static func variable(in database: SQLiteDatabase) throws -> (key: String, body: [UInt8]) {
    let statement = try database.prepare("SELECT key,body FROM documents WHERE key LIKE '%offlinethreshold%'")
    guard try statement.step() else { throw BenchmarkFailure(description: "row g1 has stored nothing") }
    defer { statement.reset() }
    return (statement.text(0), statement.bytes(1))
  }

  static func countInstructions(state: String) throws -> Double {
    let scratch = try ScratchFolder()
    let program = scratch.path + "/charger-benchmark"
    // Stripped: valgrind reads the symbols of the other for seconds.
    try ChildProcess("strip", ["-s", "-o", program, BenchmarkPlaces.ownPath], logPath: scratch.path + "/log").wait()
    func count(_ rounds: Int) throws -> Double {
      let out = "\(scratch.path)/\(rounds)"
      let arguments = [
        "--tool=callgrind", "--callgrind-out-file=\(out)", program, "--inner", name, "--rounds", "\(rounds)", "--state",
        state,
      ]
      try ChildProcess("valgrind", arguments, logPath: scratch.path + "/log").wait()
      let totals = (Files.read(out, limit: 64 * 1024 * 1024) ?? "").split(separator: "\n").last {
        $0.hasPrefix("totals:")
      }
      guard let count = totals?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else {
        throw BenchmarkFailure(description: "no bare commits: \(Files.read(scratch.path + "/log") ?? "")")
      }
      return count
    }
    // Of as many commits as the row counts, and behind as many.
    let (few, many) = (200, 400)
    return (try count(many) - count(few)) / Double(many - few)
  }
}
