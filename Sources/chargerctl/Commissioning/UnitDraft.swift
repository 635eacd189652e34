import BoardProfile
import ChargerBase
import EVSEControl
import OCPPJSON

/// A unit file while it is being filled in, checked by the rules by which chargerd reads it, and by what only somebody at
/// the post can get wrong.
struct UnitDraft {
  enum Key: String, CaseIterable {
    case identity, csmsUrl, securityProfile, basicAuthPassword, rootCertificatesFile, serialNumber, ratedSupplyA,
      installerLimitA

    /// As a person calls it.
    var words: String {
      switch self {
      case .identity: "The identity"
      case .csmsUrl: "The CSMS's address"
      case .securityProfile: "The security profile"
      case .basicAuthPassword: "The password"
      case .rootCertificatesFile: "The file of root certificates"
      case .serialNumber: "The serial number"
      case .ratedSupplyA: "The rated supply"
      case .installerLimitA: "The installer's limit"
      }
    }
  }

  private(set) var content: JSONValue
  let board: BoardProfile?
  /// Paths in the unit file are relative to it.
  let directory: String

  init(_ content: JSONValue, board: BoardProfile?, directory: String) {
    self.content = content.members == nil ? .object([]) : content
    self.board = board
    self.directory = directory
  }

  subscript(key: Key) -> JSONValue? {
    get { content[key.rawValue].flatMap { $0.isNull ? nil : $0 } }
    set {
      guard let newValue else {
        content = .object((content.members ?? []).filter { $0.name != key.rawValue })
        return
      }
      content[key.rawValue] = newValue
    }
  }

  /// Takes every key of another object, as a file of answers has them.
  mutating func merge(_ answers: JSONValue) {
    for member in answers.members ?? [] { content[member.name] = member.value }
  }

  /// The value that a typed answer means; numbers are numbers.
  static func value(_ answer: String, for key: Key) -> JSONValue {
    switch key {
    case .securityProfile, .ratedSupplyA, .installerLimitA:
      Decimal(answer).map { JSONValue($0) } ?? .string(answer)
    default: .string(answer)
    }
  }

  /// The profile that counts: the unit's, else the board's.
  var securityProfile: Int64? { self[.securityProfile]?.int64 ?? board?.csms.securityProfile.map { Int64($0) } }
  var url: String? { self[.csmsUrl]?.string ?? board?.csms.url }
  var needsPassword: Bool { securityProfile == 1 || securityProfile == 2 }
  var usesTLS: Bool { (securityProfile ?? 0) >= 2 }

  // MARK: - Checks

  /// What the loader finds, for the whole file.
  func problems(fileName: String) -> ProfileProblems? {
    do throws(ProfileProblems) {
      _ = try UnitFile.load(bytes: Array(content.description.utf8), fileName: fileName, board: board)
      return nil
    } catch {
      return error
    }
  }

  /// What is wrong with one answer, in a sentence; nil when it is good.
  func problem(of key: Key) -> String? {
    let found = problems(fileName: "")?.problems.first { $0.path == "$.\(key.rawValue)" }
    if let found {
      // A password is never repeated, and so is nothing that speaks of its text.
      return "\(key.words) \(found.message)." + (found.allowed.map { " Allowed: \($0)" } ?? "")
    }
    return problemAtThePost(of: key)
  }

  private func problemAtThePost(of key: Key) -> String? {
    switch key {
    case .installerLimitA:
      guard let most = largestRating, let limit = self[key]?.decimal.flatMap({ Current($0) }), limit > most else {
        return nil
      }
      return "The installer's limit is \(limit), and the board gives at most \(most) per phase: it would limit nothing."
    case .rootCertificatesFile: return self[key]?.string.flatMap(problemOfRoots)
    case .csmsUrl:
      guard let url = self[key]?.string, let identity = self[.identity]?.string, url.hasSuffix("/\(identity)") else {
        return nil
      }
      return "The CSMS's address ends with the identity; the station adds it by itself."
    default: return nil
    }
  }

  /// The most that one EVSE gives per phase.
  var largestRating: Current? { board?.evses.map(\.maximumCurrent).max() }

  private func problemOfRoots(_ file: String) -> String? {
    let path = file.hasPrefix("/") ? file : "\(directory)/\(file)"
    do throws(Failure) {
      guard let bytes = try FileAccess.read(path) else { return "\(path): there is no such file." }
      if Self.certificates(in: bytes) > 0 { return nil }
      return "\(path): holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)."
    } catch {
      return "\(error.text)."
    }
  }

  static func certificates(in bytes: [UInt8]) -> Int {
    let mark = Array("-----BEGIN CERTIFICATE-----".utf8)
    return bytes.indices.filter { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }.count
  }

  /// Everything that is wrong at the post, beyond what the loader finds.
  var problemsAtThePost: [String] { Key.allCases.compactMap(problemAtThePost) }

  // MARK: - What is good to know

  var notes: [String] {
    var notes: [String] = []
    if board == nil { notes.append("No board profile was given, so nothing was checked against the board (--board).") }
    if board?.purpose == .bench { notes.append("The board profile is for the bench, not for a station in the field.") }
    switch securityProfile ?? 0 {
    case 0: notes.append("Security profile 0: neither encrypted nor authenticated. For the bench and closed networks.")
    case 1:
      notes.append("Security profile 1: the password goes over the network unencrypted; for closed networks only.")
    case 3: notes.append("Security profile 3: the station needs a certificate of its own before it can connect.")
    default: break
    }
    if usesTLS, self[.rootCertificatesFile] == nil {
      notes.append("No root certificates are named: those of the system decide which CSMS is trusted.")
    }
    if self[.ratedSupplyA] == nil {
      notes.append("No rated supply is set: nothing but the board limits what all EVSEs take together.")
    }
    if let supply = self[.ratedSupplyA]?.decimal.flatMap({ Current($0) }), let least = leastShare, supply < least {
      notes.append("The supply of \(supply) does not carry the least offer (6 A) at every EVSE at the same time.")
    }
    return notes
  }

  private var leastShare: Current? {
    guard let count = board?.evses.count, count > 1 else { return nil }
    return Current(amperes: Int64(6 * count))
  }
}
