import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedWorld

// Cars and cables as JSON and back: parameters of `bench.plugIn`, the view of `bench.state`, and the state file.

extension JSONRPCParameters {
  func car() throws(JSONRPCError) -> CarSpecification {
    var car = CarSpecification()
    guard let object = try optionalObject("car") else { return car }
    try object.allow(WorldNames.carMembers)
    if let current = try object.optionalDecimal("currentA", in: 0...80) {
      car.current = Current(current) ?? car.current
    }
    if let phases = try object.optionalInteger("phases", in: 1...3) { car.phases = UInt8(clamping: phases) }
    if let delay = try object.optionalSeconds("connectDelayS") { car.connectDelay = delay }
    if let delay = try object.optionalSeconds("chargeDelayS") { car.chargeDelay = delay }
    if let reaction = try object.optionalSeconds("reactionS") { car.reaction = reaction }
    car.leaveAfter = try object.optionalSeconds("leaveAfterS")
    car.batteryRoom = try object.optionalDecimal("batteryWh", in: 0...1_000_000).flatMap { Energy($0) }
    car.quirks = try object.quirks()
    return car
  }

  private func quirks() throws(JSONRPCError) -> CarQuirks {
    var quirks = CarQuirks()
    if let delay = try optionalSeconds("opensS2AfterS") { quirks.opensS2After = delay }
    if let delay = try optionalSeconds("ignoresLowerOfferS") { quirks.ignoresLowerOfferFor = delay }
    quirks.sleepsAfter = try optionalSeconds("sleepsAfterS")
    if let pause = try optionalSeconds("wakesAfterPauseS") { quirks.wakesAfterPause = pause }
    quirks.stopsAfter = try optionalSeconds("stopsAfterS")
    quirks.resumesAfter = try optionalSeconds("resumesAfterS")
    if let bounce = try optionalDecimal("bouncesForS", in: 0...60), let milliseconds = bounce.thousandths {
      quirks.bouncesFor = .milliseconds(milliseconds)
    }
    if let opens = try optionalBool("opensS2UnderLoad") { quirks.opensS2UnderLoad = opens }
    if let never = try optionalBool("neverOpensS2") { quirks.neverOpensS2 = never }
    if let diode = try optionalBool("diode") { quirks.hasDiode = diode }
    if let simplified = try optionalBool("simplified") { quirks.isSimplified = simplified }
    if let ventilation = try optionalBool("ventilation") { quirks.needsVentilation = ventilation }
    if let percent = try optionalInteger("drawsPercent", in: 10...300) { quirks.drawsPercent = Int64(percent) }
    if let percent = try optionalInteger("resistorPercent", in: 50...200) { quirks.resistorPercent = Int64(percent) }
    if let rise = try optionalDecimal("riseAPerS", in: Self.leastRamp...100) {
      quirks.rise = Current(rise) ?? quirks.rise
    }
    if let fall = try optionalDecimal("fallAPerS", in: Self.leastRamp...100) {
      quirks.fall = Current(fall) ?? quirks.fall
    }
    if let leakage = try optionalInteger("leakageMA", in: 0...1_000) {
      quirks.leakage = Current(milliamperes: Int64(leakage))
    }
    return quirks
  }

  /// 0.1 A/s.
  private static var leastRamp: Decimal { Decimal(thousandths: 100) }

  /// `{ratingA}` or `{proximityOhm}`, where null is an open contact; the 32 A cable when it is left out.
  func cable() throws(JSONRPCError) -> CableSpecification {
    guard let object = try optionalObject("cable") else { return CableSpecification() }
    try object.allow(["ratingA", "proximityOhm"])
    if object.value["proximityOhm"] != nil {
      if try object.optionalDecimal("ratingA", in: 0...80) != nil {
        throw object.wrong("ratingA", "give the rating or the resistance, not both")
      }
      guard let ohms = try object.optionalDecimal("proximityOhm", in: 0...1_000_000) else {
        return CableSpecification(proximity: .open)
      }
      return CableSpecification(proximity: .resistance(Resistance(ohms) ?? .zero))
    }
    guard let rating = try object.optionalInteger("ratingA", in: 1...80) else { return CableSpecification() }
    guard WorldNames.cableRatings.contains(rating) else {
      throw object.wrong(
        "ratingA", "must be one of \(WorldNames.cableRatings.map { "\($0)" }.joined(separator: ", "))")
    }
    return CableSpecification(rating: Current(amperes: Int64(rating)))
  }
}

extension WorldNames {
  static let carMembers = [
    "currentA", "phases", "connectDelayS", "chargeDelayS", "leaveAfterS", "batteryWh", "reactionS", "opensS2AfterS",
    "opensS2UnderLoad", "neverOpensS2", "ignoresLowerOfferS", "diode", "sleepsAfterS", "wakesAfterPauseS",
    "drawsPercent", "simplified", "ventilation", "stopsAfterS", "resumesAfterS", "bouncesForS", "resistorPercent",
    "riseAPerS", "fallAPerS", "leakageMA",
  ]
  static let cableRatings: [Int32] = [13, 20, 32, 63]
}

extension JSONValue {
  /// What is as in every good car is left out of the quirks.
  init(_ car: CarSpecification) {
    var members = [
      JSONMember("currentA", JSONValue(car.current)), JSONMember("phases", JSONValue(car.phases)),
      JSONMember("connectDelayS", JSONValue(seconds: car.connectDelay)),
      JSONMember("chargeDelayS", JSONValue(seconds: car.chargeDelay)),
      JSONMember("leaveAfterS", car.leaveAfter.map { JSONValue(seconds: $0) } ?? .null),
      JSONMember("batteryWh", car.batteryRoom.map { JSONValue($0) } ?? .null),
      JSONMember("reactionS", JSONValue(seconds: car.reaction)),
    ]
    let good = CarQuirks()
    let quirks = car.quirks
    func tell<Value: Equatable>(
      _ name: String, _ value: KeyPath<CarQuirks, Value>, _ write: (Value) -> JSONValue
    ) {
      let present = quirks[keyPath: value]
      if present != good[keyPath: value] { members.append(JSONMember(name, write(present))) }
    }
    func tell(_ name: String, _ value: KeyPath<CarQuirks, Duration>) { tell(name, value) { JSONValue(seconds: $0) } }
    func tell(_ name: String, _ value: KeyPath<CarQuirks, Duration?>) {
      tell(name, value) { $0.map { JSONValue(seconds: $0) } ?? .null }
    }
    func tell(_ name: String, _ value: KeyPath<CarQuirks, Bool>) { tell(name, value) { JSONValue.bool($0) } }
    tell("opensS2AfterS", \.opensS2After)
    tell("opensS2UnderLoad", \.opensS2UnderLoad)
    tell("neverOpensS2", \.neverOpensS2)
    tell("ignoresLowerOfferS", \.ignoresLowerOfferFor)
    tell("diode", \.hasDiode)
    tell("sleepsAfterS", \.sleepsAfter)
    tell("wakesAfterPauseS", \.wakesAfterPause)
    tell("drawsPercent", \.drawsPercent) { JSONValue($0) }
    tell("simplified", \.isSimplified)
    tell("ventilation", \.needsVentilation)
    tell("stopsAfterS", \.stopsAfter)
    tell("resumesAfterS", \.resumesAfter)
    tell("bouncesForS", \.bouncesFor)
    tell("resistorPercent", \.resistorPercent) { JSONValue($0) }
    tell("riseAPerS", \.rise) { JSONValue($0) }
    tell("fallAPerS", \.fall) { JSONValue($0) }
    tell("leakageMA", \.leakage) { JSONValue($0.milliamperes) }
    self = .object(members)
  }

  /// Null for an open contact.
  init(_ proximity: ProximityContact) {
    switch proximity {
    case .open: self = .null
    case .resistance(let resistance): self = JSONValue(resistance)
    }
  }
}
