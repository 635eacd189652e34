/// Row g1: one variable is set to another value, and on disk before the answer leaves: each is one commit and one fsync
/// (`SetVariablesTests`).
enum SetVariablesRow {
  /// Nothing that the other rows measure depends on this one.
  static func payload(_ round: Int) -> String {
    #"{"setVariableData":[{"attributeValue":"\#(90 + round % 2)","component":{"name":"OCPPCommCtrlr"},"variable":{"name":"OfflineThreshold"}}]}"#
  }
}
