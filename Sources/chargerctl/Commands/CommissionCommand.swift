import ArgumentParser
import BoardProfile
import ChargerBase
import OCPPJSON

struct CommissionCommand: ParsableCommand {
  static let defaultUnit = "/var/lib/chargerd/unit.json"

  static let configuration = CommandConfiguration(
    commandName: "commission",
    abstract: "Writes the station's unit file: who it is, whom it calls, what supply it has.",
    discussion: """
      Keys that are not given keep what the file has. The file is checked before it is written (mode 0600) and replaces the \
      old one in one step; chargerd reads it when it starts.
      """)
  @Option(name: .long, help: "The unit file.") var unit = Self.defaultUnit
  @Option(name: .long, help: "The board profile, to check the file against.") var board: String?
  @Option(name: .long, help: "The station's name at the CSMS.") var identity: String?
  @Option(name: .long, help: "The CSMS's address, ws:// or wss://, without the identity.") var csmsUrl: String?
  @Option(name: .long, help: "OCPP security profile, 0…3.") var securityProfile: Int32?
  @Flag(name: .long, help: "Read the password for HTTP Basic from standard input, one line.") var passwordFromInput =
    false
  @Option(name: .long, help: "As BootNotification reports it.") var serialNumber: String?
  @Option(name: .long, help: "Current per phase that the building gives, A.") var ratedSupply: DecimalArgument?
  @Option(name: .long, help: "Most current per phase that each EVSE may give, A.")
  var installerLimit: DecimalArgument?
  @Option(name: .long, help: "A PEM file with the CSMS's root certificates.") var rootCertificates: String?

  func run() throws {
    try Terminal.run { () throws(Failure) in
      let content = try changed(try existing())
      let bytes = Array((UnitFileText.render(content) + "\n").utf8)
      do throws(ProfileProblems) {
        try check(bytes)
      } catch {
        throw Failure(text: "the unit file was not written:\n\(error)", code: 78)
      }
      try FileAccess.replace(unit, with: bytes, mode: 0o600)
      Terminal.writeLine("\(unit) is written. Restart chargerd to use it.")
    }
  }

  private func existing() throws(Failure) -> JSONValue {
    guard let bytes = try FileAccess.read(unit) else { return .object([]) }
    do throws(JSONError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw Failure(text: "\(unit) is there, but is no JSON: \(error)", code: 78)
    }
  }

  private func changed(_ old: JSONValue) throws(Failure) -> JSONValue {
    var content = old.members == nil ? .object([]) : old
    if let identity { content["identity"] = .string(identity) }
    if let csmsUrl { content["csmsUrl"] = .string(csmsUrl) }
    if let securityProfile { content["securityProfile"] = JSONValue(securityProfile) }
    if passwordFromInput {
      guard let password = readLine(strippingNewline: true) else {
        throw Failure(text: "no password came on standard input", code: 64)
      }
      content["basicAuthPassword"] = .string(password)
    }
    if let serialNumber { content["serialNumber"] = .string(serialNumber) }
    if let ratedSupply { content["ratedSupplyA"] = JSONValue(ratedSupply.value) }
    if let installerLimit { content["installerLimitA"] = JSONValue(installerLimit.value) }
    if let rootCertificates { content["rootCertificatesFile"] = .string(rootCertificates) }
    return content
  }

  private func check(_ bytes: [UInt8]) throws(ProfileProblems) {
    var profile: BoardProfile?
    if let board {
      let content: [UInt8]?
      do throws(Failure) {
        content = try FileAccess.read(board)
      } catch {
        content = nil
      }
      profile = try BoardProfile.load(bytes: content ?? [], fileName: board)
    }
    _ = try UnitFile.load(bytes: bytes, fileName: unit, board: profile)
  }
}

/// A unit file for people: one key a line.
enum UnitFileText {
  static func render(_ content: JSONValue) -> String {
    let lines = (content.members ?? []).map { "  \(JSONValue.string($0.name)): \($0.value)" }
    return lines.isEmpty ? "{}" : "{\n\(lines.joined(separator: ",\n"))\n}"
  }
}
