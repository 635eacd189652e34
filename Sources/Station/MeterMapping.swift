import ChargerBase
import HAL
import OCPPCore
import OCPPTypes

/// A meter reading in OCPP's measurands and default units. What the meter did not give is left out.
package func meterSample(from reading: MeterReading) -> MeterSample {
  var values: [MeasuredValue] = []
  values.reserveCapacity(14)
  func add(_ measurand: Measurand, _ phase: Phase?, _ value: Decimal?) {
    if let value { values.append(MeasuredValue(measurand: measurand, phase: phase, value: value)) }
  }
  add(.energyActiveImportRegister, nil, reading.importRegister?.decimal)
  add(.energyActiveExportRegister, nil, reading.exportRegister?.decimal)
  add(.powerActiveImport, nil, reading.power.total?.decimal)
  add(.powerActiveImport, .l1, reading.power.l1?.decimal)
  add(.powerActiveImport, .l2, reading.power.l2?.decimal)
  add(.powerActiveImport, .l3, reading.power.l3?.decimal)
  add(.currentImport, nil, reading.current.total?.decimal)
  add(.currentImport, .l1, reading.current.l1?.decimal)
  add(.currentImport, .l2, reading.current.l2?.decimal)
  add(.currentImport, .l3, reading.current.l3?.decimal)
  add(.voltage, nil, reading.voltage.total?.decimal)
  add(.voltage, .l1N, reading.voltage.l1?.decimal)
  add(.voltage, .l2N, reading.voltage.l2?.decimal)
  add(.voltage, .l3N, reading.voltage.l3?.decimal)
  add(.frequency, nil, reading.frequency?.decimal)
  return MeterSample(takenAt: reading.takenAt, values: values)
}

/// The engine's order as the meter's driver takes it.
package func signedReadingRequest(from order: SignedReadingOrder) -> SignedReadingRequest {
  SignedReadingRequest(
    number: order.number, context: order.moment == .transactionBegin ? .transactionBegin : .transactionEnd,
    identification: String(order.identification.prefix(64)),
    unixSeconds: order.wall.map { $0.millisecondsSinceEpoch / 1_000 }, signedBegin: order.signedBegin)
}

/// What a meter has signed, in OCPP's terms.
package func signedMeterReading(from reading: SignedReading) -> SignedMeterReading {
  SignedMeterReading(
    register: reading.importRegister.decimal, takenAt: reading.takenAt, signedData: reading.signedData,
    encodingMethod: reading.encodingMethod, signingMethod: reading.signingMethod, publicKey: reading.publicKey)
}
