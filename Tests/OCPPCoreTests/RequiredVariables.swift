import Glibc

/// A component and variable pair that OCPP 2.0.1 requires: a line of Tests/Resources/device-model-201.csv.
struct RequiredVariable: CustomStringConvertible {
  enum Tier: String { case station, evse, connector }

  let component: String
  let variable: String
  let instance: String?
  /// The certification profile whose stations need it.
  let profile: String
  let tier: Tier
  /// `ReadOnly`, `ReadWrite`, or `any` where the station may choose.
  let mutability: String
  let type: String
  let unit: String?

  var description: String { "\(component).\(variable)" + (instance.map { "[\($0)]" } ?? "") }

  static let all: [RequiredVariable] = text(ofResource: "device-model-201.csv")
    .split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst()
    .compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 8, let tier = Tier(rawValue: fields[4]) else { return nil }
      return RequiredVariable(
        component: fields[0], variable: fields[1], instance: fields[2].isEmpty ? nil : fields[2], profile: fields[3],
        tier: tier, mutability: fields[5], type: fields[6], unit: fields[7].isEmpty ? nil : fields[7])
    }

  private static func text(ofResource name: String) -> String {
    let directory = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    guard let file = fopen("/\(directory)/Resources/\(name)", "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
