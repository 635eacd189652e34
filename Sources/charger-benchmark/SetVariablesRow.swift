/// Row g1: one variable is set to another value, and on disk before the answer leaves: each is one commit and one fsync
/// (`SetVariablesTests`).
enum SetVariablesRow {
  static let goal = "≤ 80 k + one fsync"
  /// Beyond what SQLite does for the commit (`BareCommit`), which is the fsync's share of the goal.
  static let instructionsBesideCommit = 80e3

  /// Nothing that the other rows measure depends on this one.
  static func payload(_ round: Int) -> String {
    #"{"setVariableData":[{"attributeValue":"\#(90 + round % 2)","component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"}}]}"#
  }

  /// - Parameter commit: the instructions of a bare commit.
  static func row(
    nanoseconds: Double, instructions: Double?, bareAnswer: Double, commit: Double?
  ) -> BenchmarkRow {
    var figure = instructions.map { Figure.instructions($0) + "; " } ?? ""
    var values = [("nanoseconds", nanoseconds), ("bareNanoseconds", bareAnswer)]
    var isMet: Bool?
    if let instructions, let commit {
      figure = "\(Figure.instructions(instructions - commit)) + a bare commit's \(Figure.instructions(commit)); "
      values += [("instructions", instructions), ("bareCommitInstructions", commit)]
      isMet = instructions - commit <= instructionsBesideCommit
    }
    figure += "\(Figure.microseconds(nanoseconds)) = \(Figure.ratio(nanoseconds, bareAnswer, "a bare answer"))"
    return BenchmarkRow(
      number: "g1", measurement: "SetVariables ×1, CPU of the station", figure: figure, goal: goal, isMet: isMet,
      isBinding: isMet != nil, values: values)
  }
}
