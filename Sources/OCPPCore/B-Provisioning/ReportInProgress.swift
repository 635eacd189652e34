import ChargerBase
import OCPPJSON
import OCPPTypes

/// A report that is being sent part by part. What it tells is decided when it is asked for, the values when each part
/// is made: a report of any size costs one part's memory.
struct ReportInProgress {
  let requestID: Int32
  let generatedAt: WallTime
  /// Entries still to be told.
  var places: ArraySlice<Int>
  var seqNo: Int32 = 0
}

extension ProvisioningBlock {
  /// Reports that may be asked for before the first one is done; more are Rejected (B07.FR.13, B08.FR.16).
  static let maximumReports = 4
  /// Bytes of report data after which a part is closed; one entry has at most about 8 KiB.
  static let maximumPartBytes = 32 * 1024
  /// Entries after which a part is closed.
  static let maximumPartItems = 100
  static let partDeadline = Duration.seconds(120)

  /// Answers the request for a report and begins it; it waits for those that were asked for before.
  func begin(report requestID: Int32, places: [Int], respond: (GenericDeviceModelStatus, String?) -> Void) {
    guard !places.isEmpty else { return respond(.emptyResultSet, "NotFound") }
    guard reports.count < Self.maximumReports else { return respond(.rejected, "TooManyReports") }
    // Registered or Pending: the CSMS has told the time.
    guard let wall = engine.wall(at: engine.now) else { return respond(.rejected, "NoClock") }
    reports.append(ReportInProgress(requestID: requestID, generatedAt: wall, places: places[...]))
    respond(.accepted, nil)
    if reports.count == 1 { sendNextPart() }
  }

  private func sendNextPart() {
    engine.enqueue(
      DirectCall(
        action: .notifyReport, deadline: engine.now + Self.partDeadline, isAllowedWhilePending: true,
        payload: { [weak self] writer, version in self?.encodePart(into: &writer, version) },
        answer: { [weak self] answer in self?.partAnswered(answer) }))
  }

  private func partAnswered(_ answer: CallAnswer) {
    guard let report = reports.first else { return }
    switch answer {
    case .result:
      if report.places.isEmpty { reports.removeFirst() }
    case .error, .timeout, .offline:
      engine.note(EngineEvent(.configuration, "report \(report.requestID) was broken off"))
      reports.removeFirst()
    }
    if !reports.isEmpty { sendNextPart() }
  }

  private func encodePart(into writer: inout JSONWriter, _ version: OCPPVersion) {
    guard var report = reports.first else { return }
    let start = writer.bytes.count
    let last = report.places.prefix(Self.maximumPartItems).endIndex
    writer.beginObject()
    writer.member("requestId", report.requestID)
    writer.member("generatedAt", report.generatedAt)
    writer.member("seqNo", report.seqNo)
    writer.key("reportData")
    writer.beginArray()
    while report.places.startIndex < last, writer.bytes.count - start < Self.maximumPartBytes,
      let place = report.places.popFirst()
    {
      reportData(at: place).encode(into: &writer, version: version)
    }
    writer.endArray()
    writer.member("tbc", !report.places.isEmpty)
    writer.endObject()
    report.seqNo = report.seqNo.addingSaturating(1)
    reports[0] = report
  }

  private func reportData(at place: Int) -> ReportData {
    let model = engine.deviceModel
    let entry = model.entries[place]
    let character = entry.character
    let attributes = entry.attributes.map { attribute in
      VariableAttribute(
        type: attribute.kind, value: model.reportedValue(of: attribute, at: place), mutability: attribute.mutability,
        persistent: attribute.isPersistent, constant: false)
    }
    return ReportData(
      component: entry.key.componentValue, variable: entry.key.variableValue, variableAttribute: attributes,
      variableCharacteristics: VariableCharacteristics(
        dataType: character.kind, supportsMonitoring: false, unit: character.unit, minLimit: character.minimum,
        maxLimit: character.maximum, valuesList: character.valuesList))
  }
}

extension DeviceModel {
  /// The value of a WriteOnly variable stays in the station (errata 2.10). An attribute that was never set is empty,
  /// and is there (B07.FR.11); EVSE.Power has its limit instead of a value (errata 2025-04).
  fileprivate func reportedValue(of attribute: AttributeState, at place: Int) -> String? {
    guard attribute.mutability != .writeOnly else { return nil }
    if let value = value(of: attribute, at: place) { return value }
    return CaseFolding.isEqual(entries[place].key.variable, "Power") ? nil : ""
  }
}
