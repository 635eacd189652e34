/// What a frame costs that comes over the station's WebSocket client and is answered with as many bytes, by nobody who
/// reads it: the bare reference of the rows about calls.
enum BareAnswer {
  static func measure(
    _ csms: BenchmarkCSMS, _ payload: String, rounds: Int, countsInstructions: Bool
  ) throws -> (nanoseconds: Double, instructions: Double?) {
    let children = try OutboxChildren(port: csms.port)
    func calls(_ count: Int) -> (() throws -> Void) {
      let before = csms.links
      return {
        try children.until("a link") { csms.links > before }
        for _ in 0..<count { try csms.call("GetVariables", payload) }
      }
    }
    let figures = try children.run(.echo, rounds, meanwhile: calls(rounds))
    let nanoseconds = figures["answeredCPU"] / Double(rounds)
    guard countsInstructions else { return (nanoseconds, nil) }
    let few = try children.countInstructions(.echo, 100, meanwhile: calls(100))
    let many = try children.countInstructions(.echo, 500, meanwhile: calls(500))
    return (nanoseconds, (many - few) / 400)
  }
}
