/// Row g1: one variable is set, and on disk before the answer leaves.
enum SetVariablesRow {
  /// Nothing that the other rows measure depends on this one.
  static let payload =
    #"{"setVariableData":[{"attributeValue":"90","component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"}}]}"#

  /// By the station's CPU time and instructions for each call; each is one commit and one fsync (`SetVariablesTests`).
  static func row(nanoseconds: Double, instructions: Double?) -> BenchmarkRow {
    var figure = Figure.microseconds(nanoseconds)
    if let instructions { figure += ", " + Figure.instructions(instructions) }
    return BenchmarkRow(
      number: "g1", measurement: "SetVariables ×1, CPU of the station", figure: figure, goal: "≤ 80 k + one fsync",
      isMet: instructions.map { $0 <= 80_000 },
      values: [("nanoseconds", nanoseconds)] + (instructions.map { [("instructions", $0)] } ?? []))
  }
}
