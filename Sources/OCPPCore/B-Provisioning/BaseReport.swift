import ChargerBase
import OCPPJSON
import OCPPTypes

/// A report that is being sent part by part; only the place to go on from is kept.
struct ReportInProgress {
  var requestID: Int32
  var base: ReportBase
  var generatedAt: WallTime
  var nextPlace: Int
  var seqNo: Int32
}

// B07: each part is made when its turn comes, so that a report of any size costs one part's memory.

extension ProvisioningBlock {
  /// Bytes of report data after which a part is closed.
  static let maximumPartBytes = 16 * 1024
  static let partDeadline = Duration.seconds(120)

  func getBaseReport(_ call: IncomingCall) throws(MessageViolation) {
    let request = try GetBaseReportRequest.decode(call.payload, version: call.version, limits: engine.limits)
    func respond(_ status: GenericDeviceModelStatus, _ reason: String? = nil) {
      call.respond { writer, version in
        GetBaseReportResponse(status: status, statusInfo: reason.map { StatusInfo(reasonCode: $0) })
          .encode(into: &writer, version: version)
      }
    }
    guard report == nil else { return respond(.rejected, "ReportInProgress") }
    // Registered or Pending: the CSMS has told the time.
    guard let wall = engine.wall(at: engine.now) else { return respond(.rejected, "NoClock") }
    guard nextPlace(from: 0, in: request.reportBase) != nil else { return respond(.emptyResultSet) }
    report = ReportInProgress(
      requestID: request.requestId, base: request.reportBase, generatedAt: wall, nextPlace: 0, seqNo: 0)
    respond(.accepted)
    sendNextPart()
  }

  func onlineChanged(_ isOnline: Bool) {
    if !isOnline { report = nil }
  }

  private func sendNextPart() {
    engine.enqueue(
      DirectCall(
        action: .notifyReport, deadline: engine.now + Self.partDeadline, isAllowedWhilePending: true,
        payload: { [weak self] writer, version in self?.encodePart(into: &writer, version) },
        answer: { [weak self] answer in self?.partAnswered(answer) }))
  }

  private func partAnswered(_ answer: CallAnswer) {
    guard let report else { return }
    guard case .result = answer else {
      engine.note(EngineEvent(.configuration, "report \(report.requestID) was broken off"))
      return self.report = nil
    }
    if nextPlace(from: report.nextPlace, in: report.base) == nil {
      self.report = nil
    } else {
      sendNextPart()
    }
  }

  private func encodePart(into writer: inout JSONWriter, _ version: OCPPVersion) {
    guard var report else { return }
    let start = writer.bytes.count
    writer.beginObject()
    writer.member("requestId", report.requestID)
    writer.member("generatedAt", report.generatedAt)
    writer.member("seqNo", report.seqNo)
    writer.key("reportData")
    writer.beginArray()
    var next = nextPlace(from: report.nextPlace, in: report.base)
    while let place = next, writer.bytes.count - start < Self.maximumPartBytes {
      reportData(at: place).encode(into: &writer, version: version)
      report.nextPlace = place + 1
      next = nextPlace(from: place + 1, in: report.base)
    }
    writer.endArray()
    writer.member("tbc", next != nil)
    writer.endObject()
    report.seqNo = report.seqNo.addingSaturating(1)
    self.report = report
  }

  /// The next entry from `place` on that belongs to the report.
  private func nextPlace(from place: Int, in base: ReportBase) -> Int? {
    let entries = engine.deviceModel.entries
    guard place < entries.count else { return nil }
    return entries[place...].firstIndex { entry in
      switch base {
      case .fullInventory: true
      case .configurationInventory: entry.attributes.contains { $0.mutability != .readOnly }
      // B07.FR.09: availability and condition.
      case .summaryInventory: ["AvailabilityState", "Available", "Problem"].contains(entry.key.variable)
      }
    }
  }

  func reportData(at place: Int) -> ReportData {
    let entry = engine.deviceModel.entries[place]
    let character = entry.character
    let attributes = entry.attributes.map { attribute in
      VariableAttribute(
        type: attribute.kind,
        // The value of a WriteOnly variable stays here (errata 2.10).
        value: attribute.mutability == .writeOnly ? nil : engine.deviceModel.value(of: attribute, at: place),
        mutability: attribute.mutability, persistent: attribute.isPersistent, constant: false)
    }
    return ReportData(
      component: entry.key.componentValue, variable: entry.key.variableValue, variableAttribute: attributes,
      variableCharacteristics: VariableCharacteristics(
        dataType: character.kind, supportsMonitoring: false, unit: character.unit, minLimit: character.minimum,
        maxLimit: character.maximum,
        valuesList: character.valuesList))
  }
}
