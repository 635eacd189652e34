/// The keys of one kind of object in a file: the loader asks for these and no others, and `boards/README.md` lists them.
package protocol ProfileKey: CaseIterable, RawRepresentable, Sendable where RawValue == String {}

/// An object of a file, read by the keys that it may have. Making one reports unknown and repeated keys.
///
/// What a key must be able to do stands at the extension: a bound here would be looked up among all conformances of the
/// program for each kind of key at each start.
package struct ProfileObject<Key> {
  private let node: ProfileNode?
  package let field: ProfileField
}

extension ProfileObject where Key: ProfileKey {
  /// Nil, with a problem unless the field is missing and not required, when there is no object. `text` is the text that
  /// may stand in its place: it is no problem.
  package init?(
    _ field: ProfileField, isRequired: Bool = false, orText text: String? = nil, keys: Key.Type = Key.self,
    allowsOthers: Bool = false
  ) {
    let names = Key.allCases.map(\.rawValue)
    var allowed: String { "an object with \(names.joined(separator: ", "))" + (text.map { ", or \"\($0)\"" } ?? "") }
    guard let node = field.node else {
      if isRequired { field.report("is missing", allowed: allowed) }
      return nil
    }
    guard case .object(let members) = node.content else {
      if let text, field.isText(text) { return nil }
      field.report("is \(node.kindName) where an object is needed", allowed: allowed)
      return nil
    }
    self.node = node
    self.field = field
    Self.checkNames(members, known: allowsOthers ? nil : names, field: field)
  }

  private static func checkNames(_ members: [ProfileNode.Member], known: [String]?, field: ProfileField) {
    ProfileNames.check(members, known: known, path: field.path, collector: field.collector)
  }

  package subscript(_ key: Key) -> ProfileField {
    ProfileField(
      node: node?.member(key.rawValue), path: "\(field.path).\(key.rawValue)", parentOffset: field.offset,
      collector: field.collector)
  }
}

extension ProfileObject where Key: ProfileKey {
  /// The first of these keys that the file has, to point at when they do not fit together; else the object.
  func first(_ keys: Key...) -> ProfileField { keys.lazy.map { self[$0] }.first { $0.isPresent } ?? field }
}

enum ProfileNames {
  /// Reports keys that repeat and, where the known ones are given, keys that are none of them.
  static func check(
    _ members: [ProfileNode.Member], known: [String]?, path: String, collector: ProblemCollector
  ) {
    func memberPath(_ member: ProfileNode.Member) -> String {
      let name = ProfileField.shortened(member.name)
      return path + (isPlain(member.name) ? ".\(name)" : "[\"\(name)\"]")
    }
    for (place, member) in members.enumerated() {
      // Objects of a file have few members; a set of texts would cost more at each start.
      if members[..<place].contains(where: { $0.name == member.name }) {
        collector.report(at: member.nameOffset, path: memberPath(member), "is there twice")
      } else if let known, !known.contains(member.name) {
        let near = collector.isFull ? nil : NearName.find(member.name, in: known)
        collector.report(
          at: member.nameOffset, path: memberPath(member), "is not a key that is known here",
          allowed: known.isEmpty ? "no keys" : known.joined(separator: ", "), suggestion: near)
      }
    }
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
