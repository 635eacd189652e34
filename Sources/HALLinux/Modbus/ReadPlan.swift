import ChargerBase

/// One request, and which values of the map it brings.
struct ReadBlock: Sendable, Equatable {
  var span: RegisterSpan
  /// Places in the map's `values`, in the order of their registers.
  var values: [Int]
  /// Some registers are read that nobody wants.
  var hasGaps: Bool
}

/// The fewest requests that bring the values of a map, within the limits of the protocol and of the meter.
struct ReadPlan: Sendable, Equatable {
  /// The requests of each group, by the group's place.
  var groups: [[ReadBlock]]

  /// - Parameter joins: false after a meter has refused a request that spanned registers which it does not have.
  init(_ map: RegisterMap, joins: Bool) {
    groups = map.groups.indices.map { group in
      let wanted: [(span: RegisterSpan, value: Int)] = map.values.indices.filter { map.values[$0].group == group }
        .map { (map.values[$0].span, $0) }
      return RegisterTable.allCases.flatMap { table in
        Self.blocks(wanted.filter { $0.span.table == table }, map, gap: joins ? map.joinGap : 0)
      }
    }
  }

  /// Takes a request apart that the meter has refused though all of it is wanted: a register in it is missing, or it is
  /// longer than this meter's answers. From now on each of its values is asked for by itself.
  ///
  /// - Returns: The requests that stand in its place; none when it brings one value only.
  mutating func split(_ block: ReadBlock, _ map: RegisterMap) -> [ReadBlock] {
    guard block.values.count > 1 else { return [] }
    let parts = block.values.filter { map.values.indices.contains($0) }
      .map { ReadBlock(span: map.values[$0].span, values: [$0], hasGaps: false) }
    for group in groups.indices {
      groups[group] = groups[group].flatMap { $0 == block ? parts : [$0] }
    }
    return parts
  }

  private static func blocks(
    _ wanted: [(span: RegisterSpan, value: Int)], _ map: RegisterMap, gap: Int
  ) -> [ReadBlock] {
    let limit = max(1, min(map.registersPerRequest, RegisterMap.maximumRegistersPerRequest))
    var blocks: [ReadBlock] = []
    for (span, value) in wanted.sorted(by: { ($0.span.first, $0.value) < ($1.span.first, $1.value) }) {
      if let last = blocks.indices.last {
        let block = blocks[last].span
        let end = max(block.last, span.last)
        if span.first <= block.last + 1 + gap, end - block.first + 1 <= limit {
          if span.first > block.last + 1 { blocks[last].hasGaps = true }
          blocks[last].span.count = end - block.first + 1
          blocks[last].values.append(value)
          continue
        }
      }
      blocks.append(ReadBlock(span: span, values: [value], hasGaps: false))
    }
    return blocks
  }
}

/// The registers that one cycle has brought.
struct RegisterImage {
  private var parts: [(span: RegisterSpan, words: [UInt16])] = []

  mutating func removeAll() { parts.removeAll(keepingCapacity: true) }
  mutating func add(_ span: RegisterSpan, _ words: [UInt16]) { parts.append((span, words)) }

  /// Nil when they were not read.
  func words(_ span: RegisterSpan) -> ArraySlice<UInt16>? {
    guard let part = parts.first(where: { $0.span.contains(span) && $0.words.count == $0.span.count }) else {
      return nil
    }
    let start = span.first - part.span.first
    return part.words[start..<(start + span.count)]
  }

  /// A value in thousandths of the HAL's unit; nil when it was not read or stands for none. A number and its power of ten
  /// are taken from one answer: between two answers the meter may have changed both.
  func thousandths(_ value: RegisterMap.Value) -> Int64? {
    guard let whole = words(value.span) else { return nil }
    func part(_ field: RegisterMap.Field) -> ArraySlice<UInt16>? {
      guard value.span.contains(field.span) else { return nil }
      return whole.dropFirst(field.span.first - value.span.first).prefix(field.span.count)
    }
    guard let number = part(value.field).flatMap({ value.field.number(in: $0) }) else { return nil }
    guard let field = value.exponent else { return number.thousandths(value.scale) }
    guard case .integer(let exponent, 0)? = part(field).flatMap({ field.number(in: $0) }),
      (-18...18).contains(exponent)
    else { return nil }
    return number.thousandths(value.scale, exponent: Int(exponent))
  }
}
