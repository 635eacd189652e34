import ChargerBase
import OCPPTypes

/// Values that a meter gave at one instant, in stored form (J02.FR.02, .18): with the reading's own time, and the
/// context in which it was taken.
///
/// | field | content |
/// | --- | --- |
/// | 1 | time, `EventTime` |
/// | 2 | reading context, OCPP's name |
/// | 3 | one measured value, repeated: 1 measurand, 2 phase, 3 location (OCPP's names), 4 value |
package struct MeterReadingRecord: Sendable, Equatable {
  /// Values of one reading that are kept; more are dropped.
  package static let maximumValues = 64

  package var time: EventTime
  package var context: ReadingContext
  package var values: [MeasuredValue]

  package init(time: EventTime, context: ReadingContext, values: [MeasuredValue]) {
    self.time = time
    self.context = context
    self.values = Array(values.prefix(Self.maximumValues))
  }

  package var energyImport: Decimal? {
    values.first { $0.measurand == .energyActiveImportRegister && $0.phase == nil }?.value
  }

  /// The same reading with the listed measurands only, in another context; nil when none is left.
  package func selecting(_ measurands: [Measurand], context: ReadingContext) -> MeterReadingRecord? {
    let chosen = values.filter { measurands.contains($0.measurand) }
    return chosen.isEmpty ? nil : MeterReadingRecord(time: time, context: context, values: chosen)
  }

  package func write(to record: inout RecordWriter, field: UInt32) {
    record.write(field: field) { reading in
      reading.write(time, field: 1)
      reading.write(context.rawName, field: 2)
      for value in values {
        reading.write(field: 3) { item in
          item.write(value.measurand.rawName, field: 1)
          item.write(value.phase?.rawName, field: 2)
          item.write(value.location?.rawName, field: 3)
          item.write(value.value, field: 4)
        }
      }
    }
  }

  /// Nil when the bytes hold no reading. A measurand that this program does not know is left out.
  package init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var time: EventTime?
    var context: ReadingContext?
    var values: [MeasuredValue] = []
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: time = value.eventTime
      case 2: context = value.string.flatMap { ReadingContext(wireName: $0) }
      case 3:
        if let item = value.data.flatMap({ MeasuredValue(stored: $0) }), values.count < Self.maximumValues {
          values.append(item)
        }
      default: break
      }
    }
    guard let time else { return nil }
    self.init(time: time, context: context ?? .other, values: values)
  }

  /// As OCPP has it; nil when nothing can be told in `version`.
  package func meterValue(at wall: WallTime, version: OCPPVersion) -> MeterValue? {
    let sampled = values.compactMap { value -> SampledValue? in
      guard value.measurand.isDefined(in: version) else { return nil }
      return SampledValue(
        value: value.value, context: context, measurand: value.measurand, phase: value.phase,
        location: value.location, unitOfMeasure: value.measurand.unitToTell)
    }
    return sampled.isEmpty ? nil : MeterValue(sampledValue: sampled, timestamp: wall)
  }
}

extension MeasuredValue {
  fileprivate init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var measurand: Measurand?
    var phase: Phase?
    var location: Location?
    var amount: Decimal?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: measurand = value.string.flatMap { Measurand(wireName: $0) }
      case 2: phase = value.string.flatMap { Phase(wireName: $0) }
      case 3: location = value.string.flatMap { Location(wireName: $0) }
      case 4: amount = value.decimal
      default: break
      }
    }
    guard let measurand, let amount else { return nil }
    self.init(measurand: measurand, phase: phase, location: location, value: amount)
  }
}

extension Measurand {
  /// Said with each value, so that no reader has to guess: OCPP's default unit is Wh whatever the measurand.
  fileprivate var unitToTell: UnitOfMeasure? {
    let name = rawName
    if name.hasPrefix("Energy.Reactive") { return UnitOfMeasure(unit: "varh") }
    if name.hasPrefix("Energy.Apparent") { return UnitOfMeasure(unit: "VAh") }
    if name.hasPrefix("Energy") { return UnitOfMeasure(unit: "Wh") }
    if name.hasPrefix("Power.Reactive") { return UnitOfMeasure(unit: "var") }
    if name == "Power.Factor" { return nil }
    if name.hasPrefix("Power") { return UnitOfMeasure(unit: "W") }
    if name.hasPrefix("Current") { return UnitOfMeasure(unit: "A") }
    if name == "Voltage" { return UnitOfMeasure(unit: "V") }
    if name == "Frequency" { return UnitOfMeasure(unit: "Hz") }
    if name == "SoC" { return UnitOfMeasure(unit: "Percent") }
    return nil
  }
}
