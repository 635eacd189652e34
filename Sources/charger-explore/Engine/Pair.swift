/// One or two values of a kind, without the memory of an array: no configuration that is explored has more than two
/// connectors or EVSEs.
struct Pair<Value: Hashable & Sendable>: Hashable, Sendable {
  var first: Value
  var second: Value

  init(_ both: Value) {
    first = both
    second = both
  }

  subscript(place: Int) -> Value {
    get { place == 0 ? first : second }
    set { if place == 0 { first = newValue } else { second = newValue } }
  }
}
