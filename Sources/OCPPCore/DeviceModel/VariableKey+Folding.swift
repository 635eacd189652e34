/// Names fold ASCII letters only: OCPP's names have no others (Part 2 §2.1).
extension VariableKey: Hashable {
  public static func == (left: VariableKey, right: VariableKey) -> Bool {
    left.evse == right.evse && left.connector == right.connector
      && CaseFolding.isEqual(left.variable, right.variable) && CaseFolding.isEqual(left.component, right.component)
      && CaseFolding.isEqual(left.variableInstance ?? "", right.variableInstance ?? "")
      && CaseFolding.isEqual(left.componentInstance ?? "", right.componentInstance ?? "")
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }

  /// The same for equal keys, in every run.
  var digest: UInt64 {
    var digest = CaseFolding.digest(variable, CaseFolding.digest(component))
    if let variableInstance { digest = CaseFolding.digest(variableInstance, digest) }
    if let componentInstance { digest = CaseFolding.digest(componentInstance, ~digest) }
    let place = UInt64(UInt32(bitPattern: evse ?? -1)) << 32 | UInt64(UInt32(bitPattern: connector ?? -1))
    return digest ^ place
  }

  /// Whether two variables belong to one component.
  func isOfSameComponent(as other: VariableKey) -> Bool {
    evse == other.evse && connector == other.connector && CaseFolding.isEqual(component, other.component)
      && CaseFolding.isEqual(componentInstance ?? "", other.componentInstance ?? "")
  }

  /// The key of the document that holds a value of it.
  func documentKey(_ attribute: StaticString) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(96)
    func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    func append(_ mark: UInt8, _ text: String?, _ end: UInt8? = nil) {
      guard let text else { return }
      bytes.append(mark)
      append(text)
      if let end { bytes.append(end) }
    }
    // As `description` is, so that the key of a stored value can be read by people too.
    append(component)
    append(UInt8(ascii: "["), componentInstance, UInt8(ascii: "]"))
    append(UInt8(ascii: "#"), evse.map { String($0) })
    append(UInt8(ascii: "."), connector.map { String($0) })
    append(UInt8(ascii: "."), variable)
    append(UInt8(ascii: "["), variableInstance, UInt8(ascii: "]"))
    bytes.append(UInt8(ascii: "@"))
    attribute.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.withUnsafeMutableBufferPointer { for place in $0.indices { $0[place] = CaseFolding.fold($0[place]) } }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A component without its variables, for sets of components.
struct ComponentKey: Hashable {
  private let key: VariableKey

  init(_ key: VariableKey) {
    self.key = VariableKey(
      key.component, "", componentInstance: key.componentInstance, evse: key.evse, connector: key.connector)
  }
}

/// ASCII case folding without allocation.
enum CaseFolding {
  @inline(__always)
  static func fold(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }

  private static let initialDigest: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let prime: UInt64 = 0x100_0000_01B3
  /// Sets the bit that tells small letters from capitals in eight bytes at once. It folds a few other characters too:
  /// texts that are equal have equal digests, and that is all that a digest must hold.
  private static let smallLetters: UInt64 = 0x2020_2020_2020_2020

  /// Eight bytes of text at a time, in the manner of FNV-1a; `seed` is the digest of what came before.
  static func digest(_ text: String, _ seed: UInt64 = initialDigest) -> UInt64 {
    text.utf8.withContiguousStorageIfAvailable { digest(UnsafeRawBufferPointer($0), seed) }
      ?? Array(text.utf8).withUnsafeBytes { digest($0, seed) }
  }

  private static func digest(_ text: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
    var digest = seed
    var place = 0
    while place + 8 <= text.count {
      digest = mix(text.loadUnaligned(fromByteOffset: place, as: UInt64.self), into: digest)
      place += 8
    }
    var rest: UInt64 = 0
    while place < text.count {
      rest = rest << 8 | UInt64(text[place])
      place += 1
    }
    return mix(rest ^ UInt64(truncatingIfNeeded: text.count) << 56, into: digest)
  }

  private static func mix(_ word: UInt64, into digest: UInt64) -> UInt64 {
    let product = (digest ^ (word | smallLetters)) &* prime
    return product ^ product >> 29
  }

  static func isEqual(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    let isEqual = left.utf8.withContiguousStorageIfAvailable { left in
      right.utf8.withContiguousStorageIfAvailable { right in
        Self.isEqual(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
      } ?? left.elementsEqual(right.utf8) { fold($0) == fold($1) }
    }
    return isEqual ?? left.utf8.elementsEqual(right.utf8) { fold($0) == fold($1) }
  }

  /// Both of the same length. Eight bytes that are the same need no folding.
  private static func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    var place = 0
    while place < left.count {
      if place + 8 <= left.count,
        left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
          == right.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      {
        place += 8
      } else {
        guard fold(left[place]) == fold(right[place]) else { return false }
        place += 1
      }
    }
    return true
  }
}
