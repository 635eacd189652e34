import BoardProfile
import ChargerBase
import HALLinux

/// Reads a register map. What is bad is reported and left out, so that the rest can be checked; a map with problems is
/// never used.
struct RegisterMapReader {
  private let object: ProfileObject<RegisterMapKey>
  private let table: RegisterTable
  private let wordOrder: WordOrder
  private let registersPerRequest: Int
  private let notAvailable: [(type: RegisterType, pattern: UInt64)]

  /// - Parameter name: what the profile calls it, and its file is called.
  static func read(_ field: ProfileField, name: String) -> RegisterMap? {
    guard let object = ProfileObject<RegisterMapKey>(field, isRequired: true) else { return nil }
    return RegisterMapReader(object).read(name: name)
  }

  private init(_ object: ProfileObject<RegisterMapKey>) {
    self.object = object
    table = RegisterWords.table(object[.functionCode]) ?? .holding
    wordOrder = object[.wordOrder].choice(as: WordOrder.self) ?? .highFirst
    registersPerRequest = Int(
      object[.registersPerRequest].integer(
        in: 1...Int64(RegisterMap.maximumRegistersPerRequest), unit: "registers",
        reason: "Modbus gives at most 125 in one answer") ?? 125)
    notAvailable = (object[.notAvailable].list(count: 0...16, of: "patterns") ?? []).compactMap { field in
      guard let entry = ProfileObject<RegisterPatternKey>(field, isRequired: true) else { return nil }
      let type = entry[.type].choice(isRequired: true, as: RegisterType.self)
      guard let type, let pattern = RegisterWords.pattern(entry[.pattern], type) else { return nil }
      return (type, pattern)
    }
  }

  private func read(name: String) -> RegisterMap {
    if let own = object[.name].text(isRequired: true, length: 1...50), own != name {
      object[.name].report("is \"\(own)\", and the file is that of \"\(name)\"", allowed: name)
    }
    _ = object[.maker].text(isRequired: true, length: 1...50)
    _ = object[.model].text(isRequired: true, length: 1...50)
    _ = object[.source].text(length: 1...255)
    let groups = groups()
    let values = values(groups.map(\.name))
    return RegisterMap(
      name: name, registersPerRequest: registersPerRequest,
      joinGap: Int(object[.joinGapRegisters].integer(in: 0...64, unit: "registers") ?? 16),
      groups: groups.isEmpty ? [Self.standardGroup] : groups, values: values, probes: probes(),
      registerMaximum: object[.registerMaximumWh].decimal(in: 1_000...1_000_000_000_000, unit: "Wh").flatMap {
        Energy($0)
      })
  }

  private static let standardGroup = RegisterMap.Group(name: "all", interval: .seconds(1))

  private func groups() -> [RegisterMap.Group] {
    guard let fields = object[.groups].list(count: 1...RegisterMap.maximumGroups, of: "groups") else {
      return [Self.standardGroup]
    }
    var groups: [RegisterMap.Group] = []
    for field in fields {
      guard let entry = ProfileObject<RegisterGroupKey>(field, isRequired: true) else { continue }
      let name = entry[.name].text(isRequired: true, length: 1...50)
      let interval = entry[.intervalMilliseconds].milliseconds(in: 100...60_000, isRequired: true)
      guard let name, let interval else { continue }
      if groups.contains(where: { $0.name == name }) {
        entry[.name].report("is \"\(name)\" once more", allowed: "each group once")
      } else {
        groups.append(RegisterMap.Group(name: name, interval: interval))
      }
    }
    return groups
  }

  // MARK: Values

  private func values(_ groups: [String]) -> [RegisterMap.Value] {
    var taken: [(span: RegisterSpan, path: String)] = []
    var targets: [(target: MeterTarget, path: String)] = []
    var values: [RegisterMap.Value] = []
    let fields = object[.registers].list(
      isRequired: true, count: 1...RegisterMap.maximumValues, of: "registers")
    for field in fields ?? [] {
      guard let entry = ProfileObject<RegisterKey>(field, isRequired: true) else { continue }
      guard let value = value(entry, groups) else { continue }
      for (span, place) in [
        (value.field.span, entry[.address]), (value.exponent?.span, entry[.exponentAddress]),
      ] {
        guard let span else { continue }
        if let other = taken.first(where: { $0.span.overlaps(span) }) {
          place.report(
            "takes registers \(span.first)…\(span.last), and \(other.path) takes \(other.span.first)…\(other.span.last)",
            allowed: "each register under one value")
        }
        taken.append((span, place.path))
      }
      if let other = targets.first(where: { $0.target == value.target }) {
        entry[.measurand].report("stands at \(other.path) too", allowed: "each measurand once for each phase")
      }
      targets.append((value.target, field.path))
      values.append(value)
    }
    if fields != nil, !targets.contains(where: { $0.target == .importRegister }) {
      object[.registers].report(
        "has no \(RegisterMeasurand.importRegister.rawValue), by which energy is billed",
        allowed: "one register of it")
    }
    return values
  }

  private func value(_ entry: ProfileObject<RegisterKey>, _ groups: [String]) -> RegisterMap.Value? {
    let type = entry[.type].choice(isRequired: true, as: RegisterType.self)
    let field = RegisterWords.field(
      type, address: entry[.address], functionCode: entry[.functionCode], wordOrder: entry[.wordOrder],
      standard: (table, wordOrder), limit: registersPerRequest)
    let scale = RegisterWords.scale(entry[.scale])
    let measurand = entry[.measurand].choice(isRequired: true, as: RegisterMeasurand.self)
    let phase = entry[.phase].choice(as: RegisterPhase.self)
    _ = entry[.location].choice(of: ["Outlet"])
    let group = entry[.group].choice(of: groups).flatMap { groups.firstIndex(of: $0) } ?? 0
    guard let measurand else { return nil }
    if phase != nil, !measurand.hasPhases {
      entry[.phase].report("is given for \(measurand.rawValue)", allowed: "no phase: it is that of the whole meter")
    }
    let unit = entry[.unit].choice(isRequired: true, of: measurand.units.map(\.name))
    guard let type, var field, let unit, let power = measurand.units.first(where: { $0.name == unit })?.power else {
      return nil
    }
    if let patterns = entry[.notAvailable].list(count: 0...8, of: "patterns") {
      field.notAvailable = patterns.compactMap { RegisterWords.pattern($0, type) }
    } else {
      field.notAvailable = notAvailable.filter { $0.type == type }.map(\.pattern)
    }
    if scale < .zero, !measurand.isSigned {
      entry[.scale].report("is \(scale), and \(measurand.rawValue) is never below 0", allowed: "a number above 0")
    }
    let value = RegisterMap.Value(
      field: field, target: measurand.target(phase), scale: RegisterScale(scale, unitPower: power),
      exponent: exponent(entry, type), group: group)
    if value.exponent != nil, value.span.count > registersPerRequest {
      entry[.exponentAddress].report(
        "is \(value.span.count) registers from the value's end, and the meter gives \(registersPerRequest) in one answer",
        allowed: "an address that comes in one answer with the value")
    }
    return value
  }

  private func exponent(_ entry: ProfileObject<RegisterKey>, _ type: RegisterType) -> RegisterMap.Field? {
    let place = entry[.exponentAddress]
    guard place.isPresent else { return nil }
    switch type {
    case .float32, .float64, .t5, .t6:
      place.report("is given for \(type.rawValue), which has a power of ten of its own", allowed: "a whole type")
      return nil
    default:
      return RegisterWords.field(
        .int16, address: place, functionCode: entry[.functionCode], wordOrder: entry[.wordOrder],
        standard: (table, wordOrder), limit: registersPerRequest)
    }
  }

  // MARK: Probes

  private func probes() -> [RegisterMap.Probe] {
    (object[.probes].list(count: 0...RegisterMap.maximumProbes, of: "probes") ?? []).compactMap { field in
      guard let entry = ProfileObject<RegisterProbeKey>(field, isRequired: true) else { return nil }
      let name = entry[.name].text(isRequired: true, length: 1...50)
      guard let content = entry[.type].isPresent ? number(entry) : text(entry), let name else { return nil }
      return RegisterMap.Probe(name: name, content: content)
    }
  }

  private func text(_ entry: ProfileObject<RegisterProbeKey>) -> RegisterMap.Probe.Content? {
    for key in [RegisterProbeKey.wordOrder, .scale, .unit, .from, .to] where entry[key].isPresent {
      entry[key].report("is given for a text", allowed: "only together with \"type\"")
    }
    let registers = entry[.registers].integer(isRequired: true, in: 1...32, unit: "registers")
    let table = RegisterWords.table(entry[.functionCode]) ?? table
    let address = RegisterWords.address(entry[.address], registers: Int(registers ?? 1))
    let isSerial = entry[.serial].boolean() ?? false
    let prefix = entry[.startsWith].text(isRequired: !isSerial, length: 1...64)
    guard let registers, let address else { return nil }
    if Int(registers) > registersPerRequest {
      entry[.registers].report("is \(registers)", allowed: "at most registersPerRequest, \(registersPerRequest)")
    }
    if isSerial { return .serialText(table: table, address: address, registers: Int(registers)) }
    return prefix.map { .text(table: table, address: address, registers: Int(registers), prefix: $0) }
  }

  private func number(_ entry: ProfileObject<RegisterProbeKey>) -> RegisterMap.Probe.Content? {
    for key in [RegisterProbeKey.registers, .startsWith] where entry[key].isPresent {
      entry[key].report("is given for a number", allowed: "only without \"type\"")
    }
    let field = RegisterWords.field(
      entry[.type].choice(isRequired: true, as: RegisterType.self), address: entry[.address],
      functionCode: entry[.functionCode], wordOrder: entry[.wordOrder], standard: (table, wordOrder),
      limit: registersPerRequest)
    let scale = RegisterWords.scale(entry[.scale])
    let units = RegisterMeasurand.allCases.flatMap(\.units)
    let unit = entry[.unit].choice(of: units.map(\.name).reduced())
    if entry[.serial].boolean() ?? false { return field.map { .serialNumber($0) } }
    let from = entry[.from].decimal(isRequired: true, in: -1_000_000_000...1_000_000_000)
    let to = entry[.to].decimal(isRequired: true, in: -1_000_000_000...1_000_000_000)
    guard let field, let from, let to else { return nil }
    guard from <= to else {
      entry[.from].report("is \(from), over \"to\"", allowed: "at most \(to)")
      return nil
    }
    let power = unit.flatMap { unit in units.first { $0.name == unit }?.power } ?? 0
    return .number(field, scale: RegisterScale(scale, unitPower: power), range: from...to)
  }
}

extension [String] {
  /// Each once, in the order of the first.
  fileprivate func reduced() -> [String] {
    reduce(into: []) { known, name in if !known.contains(name) { known.append(name) } }
  }
}
