import ChargerBase

/// The EVSEs and connectors that exist, for whatever refers to them. Nil where they could not be read: then nothing is
/// said of references, since the numbering is wrong already.
struct StationPlaces {
  private let connectors: [(evse: Int32, count: Int)]?

  init(_ evses: [EVSEProfile]) {
    let numbered = evses.enumerated().allSatisfy { $1.id.number == Int32($0 + 1) }
    connectors = evses.isEmpty || !numbered ? nil : evses.map { ($0.id.number, $0.connectors.count) }
  }

  /// Places of a station whose board profile is not at hand.
  static let unknown = StationPlaces([])

  /// An EVSE's number, reported when there is no such EVSE.
  func evse(_ field: ProfileField, isRequired: Bool = true) -> Int32? {
    guard let number = field.integer(isRequired: isRequired, in: 1...Int64(BoardProfile.maximumEVSEs)) else {
      return nil
    }
    if let connectors, number > connectors.count {
      field.report(
        "refers to EVSE \(number), which this board does not have",
        allowed: connectors.count == 1 ? "1" : "1…\(connectors.count)")
      return nil
    }
    return Int32(number)
  }

  func connector(_ field: ProfileField, of evse: Int32?) -> Int32? {
    guard let number = field.integer(in: 1...Int64(BoardProfile.maximumConnectorsPerEVSE)) else { return nil }
    if let evse, let place = connectors?.first(where: { $0.evse == evse }), number > place.count {
      field.report(
        "refers to connector \(number) of EVSE \(evse), which this board does not have",
        allowed: place.count == 1 ? "1" : "1…\(place.count)")
      return nil
    }
    return Int32(number)
  }
}

/// Checks that things are numbered 1, 2, 3 … in the order in which they are listed.
struct Numbering {
  let what: String
  let limit: Int
  private var seen: [(number: Int64, path: String)] = []

  init(what: String, limit: Int) {
    self.what = what
    self.limit = limit
  }

  mutating func next(_ field: ProfileField) -> Int32? {
    guard let number = field.integer(isRequired: true, in: 1...Int64(limit)) else {
      // The bad one takes its place in the count, so that the next is not blamed for it.
      seen.append(((seen.last?.number ?? 0) + 1, field.path))
      return nil
    }
    let expected = (seen.last?.number ?? 0) + 1
    if let first = seen.first(where: { $0.number == number }) {
      field.report(
        "is \(number), and so is \(first.path)", allowed: "\(what)s numbered 1, 2, 3 … in order: here \(expected)")
    } else if number != expected {
      field.report(
        "is \(number), which leaves a gap", allowed: "\(what)s numbered 1, 2, 3 … in order: here \(expected)")
      seen.append((number, field.path))
      return Int32(number)
    }
    seen.append((max(number, expected), field.path))
    return Int32(number)
  }
}
