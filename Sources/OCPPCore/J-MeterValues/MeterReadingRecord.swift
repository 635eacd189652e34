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
/// | 4 | the meter's signature over the import register: 1 signed data, 2 encoding, 3 method, 4 public key |
package struct MeterReadingRecord: Sendable, Equatable {
  /// Values of one reading that are kept; more are dropped.
  package static let maximumValues = 64

  package var time: EventTime
  package var context: ReadingContext
  package var values: [MeasuredValue]
  /// Told with the import register.
  package var signed: SignedMeterData?

  package init(time: EventTime, context: ReadingContext, values: [MeasuredValue], signed: SignedMeterData? = nil) {
    self.time = time
    self.context = context
    self.values = Array(values.prefix(Self.maximumValues))
    self.signed = signed
  }

  package var energyImport: Decimal? {
    values.first { $0.isImportRegister }?.value
  }

  /// The same reading with the listed measurands only, in another context; nil when none is left.
  package func selecting(_ measurands: [Measurand], context: ReadingContext) -> MeterReadingRecord? {
    let chosen = values.filter { measurands.contains($0.measurand) }
    guard !chosen.isEmpty else { return nil }
    let isSignedChosen = measurands.contains(.energyActiveImportRegister)
    return MeterReadingRecord(time: time, context: context, values: chosen, signed: isSignedChosen ? signed : nil)
  }

  /// The same reading without one measurand; nil when nothing is left.
  package func omitting(_ measurand: Measurand) -> MeterReadingRecord? {
    let rest = values.filter { $0.measurand != measurand }
    return rest.isEmpty ? nil : MeterReadingRecord(time: time, context: context, values: rest)
  }

  /// About what it takes in a message, never less.
  package var bytesOnTheWire: Int { 80 + values.count * 200 + (signed?.bytesOnTheWire ?? 0) }

  package func write(to record: inout RecordWriter, field: UInt32) {
    record.write(field: field) { reading in
      reading.write(time, field: 1)
      reading.write(name: context.wireName, field: 2)
      for value in values {
        reading.write(field: 3) { item in
          item.write(name: value.measurand.wireName, field: 1)
          item.write(name: value.phase?.wireName, field: 2)
          item.write(name: value.location?.wireName, field: 3)
          item.write(value.value, field: 4)
        }
      }
      signed?.write(to: &reading, field: 4)
    }
  }

  /// Nil when the bytes hold no reading. A measurand that this program does not know is left out.
  package init?(stored: ArraySlice<UInt8>) {
    var reader = RecordReader(stored)
    var time: EventTime?
    var context: ReadingContext?
    var values: [MeasuredValue] = []
    var signed: SignedMeterData?
    while let (field, value) = try? reader.next() {
      switch field {
      case 1: time = value.eventTime
      case 2: context = value.string.flatMap { ReadingContext(wireName: $0) }
      case 3:
        if let item = value.data.flatMap({ MeasuredValue(stored: $0) }), values.count < Self.maximumValues {
          values.append(item)
        }
      case 4: signed = value.data.flatMap { SignedMeterData(stored: $0) }
      default: break
      }
    }
    guard let time else { return nil }
    self.init(time: time, context: context ?? .other, values: values, signed: signed)
  }

  /// As OCPP has it; nil when nothing can be told in `version`.
  package func meterValue(at wall: WallTime, version: OCPPVersion) -> MeterValue? {
    var signature = signed?.meterValue(in: version)
    let sampled = values.compactMap { value -> SampledValue? in
      guard value.measurand.isDefined(in: version) else { return nil }
      var told = SampledValue(
        value: value.value, context: context, measurand: value.measurand, phase: value.phase,
        location: value.location, unitOfMeasure: value.measurand.unitToTell)
      if value.isImportRegister {
        told.signedMeterValue = signature
        signature = nil
      }
      return told
    }
    return sampled.isEmpty ? nil : MeterValue(sampledValue: sampled, timestamp: wall)
  }
}

extension MeasuredValue {
  /// The one that is billed: all phases together, at the outlet.
  var isImportRegister: Bool {
    measurand == .energyActiveImportRegister && phase == nil && (location == nil || location == .outlet)
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
