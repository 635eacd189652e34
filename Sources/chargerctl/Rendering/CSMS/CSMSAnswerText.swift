import OCPPJSON

/// What stations answer, as people read it.
enum CSMSAnswerText {
  struct Outcome: Equatable {
    var text: String
    var isGood: Bool
  }

  /// `answer` is what `csms.send` gives; `words` tells an acceptance.
  static func outcome(_ action: String, _ answer: JSONValue, words: ((JSONValue) -> String)? = nil) -> Outcome {
    if let error = error(answer) { return error }
    let payload = answer["answer"] ?? .null
    let status = payload["status"]?.string
    let isGood = status.map { ["Accepted", "Scheduled", "Unlocked", "RebootRequired"].contains($0) } ?? true
    if let words, isGood { return Outcome(text: words(payload), isGood: true) }
    let known = status.flatMap { sentence(action, $0) }
    let text =
      known ?? status.map { "The station answered \(Text.printable($0))." } ?? "Answered: \(payload.description)"
    return Outcome(text: text + reason(payload), isGood: isGood)
  }

  private static func error(_ answer: JSONValue) -> Outcome? {
    guard let error = answer["error"] else { return nil }
    let description = error["description"]?.string ?? ""
    return Outcome(
      text: "The station answered with the error \(Text.printable(error["code"]))"
        + (description.isEmpty ? "." : ": \(Text.printable(description))"), isGood: false)
  }

  private static func reason(_ payload: JSONValue) -> String {
    guard let info = payload["statusInfo"], info.members != nil else { return "" }
    let more = info["additionalInfo"]?.string.map { ", \(Text.printable($0))" } ?? ""
    return " Reason: \(Text.printable(info["reasonCode"]))\(more)."
  }

  private static func sentence(_ action: String, _ status: String) -> String? {
    switch (action, status) {
    case ("RequestStartTransaction", "Rejected"): "Rejected: the station does not start."
    case ("RequestStopTransaction", "Accepted"): "Accepted: the station stops the transaction."
    case ("RequestStopTransaction", "Rejected"): "Rejected: the station knows no such transaction that goes on."
    case ("Reset", "Accepted"): "Accepted: it restarts now."
    case ("Reset", "Scheduled"): "Scheduled: it restarts when nothing goes on any more."
    case ("Reset", "Rejected"): "Rejected: it does not restart."
    case ("UnlockConnector", "Unlocked"): "The cable is unlocked."
    case ("UnlockConnector", "UnlockFailed"): "The cable could not be unlocked."
    case ("UnlockConnector", "OngoingAuthorizedTransaction"):
      "Not unlocked: a transaction goes on there, stop it first."
    case ("UnlockConnector", "UnknownConnector"): "There is no such connector, or its cable is fixed."
    case ("ChangeAvailability", "Accepted"): "Accepted: it is so now."
    case ("ChangeAvailability", "Scheduled"): "Scheduled: it will be so when the transaction there has ended."
    case ("ChangeAvailability", "Rejected"): "Rejected: it stays as it is."
    case ("TriggerMessage", "Accepted"): "Accepted: the message comes."
    case ("TriggerMessage", "Rejected"): "Rejected: the station cannot send that now."
    case ("TriggerMessage", "NotImplemented"): "The station does not have that message."
    case ("ClearCache", "Accepted"): "The station has forgotten the cards that it had seen."
    case ("ClearCache", "Rejected"): "Rejected: the station keeps its cache, or has none."
    case ("DataTransfer", "UnknownVendorId"): "The station does not know that vendor."
    case ("DataTransfer", "UnknownMessageId"): "The station does not know that vendor's message."
    case ("DataTransfer", "Rejected"): "Rejected by the station."
    case ("GetBaseReport", "Accepted"): "Accepted: the report comes."
    case ("GetBaseReport", "NotSupported"): "The station does not have that report."
    case ("GetBaseReport", "EmptyResultSet"): "There is nothing to report."
    case ("GetBaseReport", "Rejected"): "Rejected: no report now."
    default: nil
    }
  }

  // MARK: - Variables

  static func variables(_ action: String, _ answer: JSONValue) -> Outcome {
    if let error = error(answer) { return error }
    let isGet = action == "GetVariables"
    let results = answer["answer"]?[isGet ? "getVariableResult" : "setVariableResult"]?.array ?? []
    let good = ["Accepted", "RebootRequired"]
    let lines = results.map { result in
      let status = result["attributeStatus"]?.string ?? "?"
      let attribute =
        result["attributeType"]?.string.flatMap { $0 == "Actual" ? nil : " (\(Text.printable($0)))" } ?? ""
      let name = VariableName.text(result) + attribute
      if status == "Accepted" {
        return isGet ? "\(name) = \(Text.printable(result["attributeValue"]))" : "\(name): set"
      }
      let why = reason(["statusInfo": result["attributeStatusInfo"] ?? .null])
      return "\(name): \(variableWords(status))\(why.isEmpty ? "" : "." + why)"
    }
    return Outcome(
      text: lines.joined(separator: "\n"),
      isGood: !results.isEmpty && results.allSatisfy { good.contains($0["attributeStatus"]?.string ?? "") })
  }

  private static func variableWords(_ status: String) -> String {
    switch status {
    case "Rejected": "refused"
    case "UnknownComponent": "the station has no such component"
    case "UnknownVariable": "the component has no such variable"
    case "NotSupportedAttributeType": "the variable has no such attribute"
    case "RebootRequired": "set; it holds after a restart"
    default: Text.printable(status)
    }
  }

  /// The entries of a base report, one variable a line.
  static func report(_ entries: [JSONValue]) -> String {
    let lines = entries.map { entry in
      let attributes = (entry["variableAttribute"]?.array ?? []).map { attribute in
        let kind = attribute["type"]?.string.flatMap { $0 == "Actual" ? nil : "\(Text.printable($0)) " } ?? ""
        let value = attribute["value"] == nil ? "(no value)" : Text.printable(attribute["value"])
        let mutability = attribute["mutability"]?.string ?? "ReadWrite"
        return kind + value + (mutability == "ReadWrite" ? "" : " (\(Text.words(mutability).lowercased()))")
      }
      let unit = entry["variableCharacteristics"]?["unit"]?.string.map { " \(Text.printable($0))" } ?? ""
      return "\(VariableName.text(entry)) = \(attributes.joined(separator: ", "))\(unit)"
    }
    return lines.joined(separator: "\n") + "\n\(CSMSText.count(entries.count, "variable"))."
  }
}
