import OCPPJSON
import Testing

@testable import BoardProfile

@Suite("Mutilated profiles")
struct ProfileFuzzTests {
  static let junk: [JSONValue] = [
    .null, .bool(true), 0, -1, 2, 1_000_000_000_000, .largeNumber("1e999"), "", "x",
    .string(String(repeating: "é", count: 3_000)),
    .array([]), .array([.null]), .object([]), .object([JSONMember("driver", "x")]),
  ]

  /// Each way to take one node out of a tree or to put each piece of junk in its place.
  static func mutations(of value: JSONValue) -> [JSONValue] {
    var results: [JSONValue] = junk
    switch value {
    case .array(let elements):
      for index in elements.indices {
        var fewer = elements
        fewer.remove(at: index)
        results.append(.array(fewer))
        results.append(.array(elements + [elements[index]]))
        for mutation in mutations(of: elements[index]) {
          var changed = elements
          changed[index] = mutation
          results.append(.array(changed))
        }
      }
    case .object(let members):
      for index in members.indices {
        var fewer = members
        fewer.remove(at: index)
        results.append(.object(fewer))
        var renamed = members
        renamed[index].name += "s"
        results.append(.object(renamed))
        for mutation in mutations(of: members[index].value) {
          var changed = members
          changed[index].value = mutation
          results.append(.object(changed))
        }
      }
    default: break
    }
    return results
  }

  private func check(_ error: ProfileProblems) {
    #expect(!error.problems.isEmpty)
    for problem in error.problems {
      #expect(problem.path.hasPrefix("$") && problem.line > 0 && problem.column > 0 && !problem.message.isEmpty)
    }
  }

  @Test("Taking out or replacing any node of a good profile never traps, and what is wrong always has a path")
  func board() throws {
    let good = try JSONValue(parsing: Fixtures.product)
    let mutations = Self.mutations(of: good)
    #expect(mutations.count > 1_000)
    for mutation in mutations {
      do throws(ProfileProblems) {
        _ = try BoardProfile.load(bytes: mutation.bytes, fileName: "board.json")
      } catch {
        check(error)
      }
    }
  }

  @Test("Taking out or replacing any node of a good unit file never traps")
  func unit() throws {
    let board = try BoardProfile.load(bytes: Array(Fixtures.product.utf8), fileName: "board.json")
    for mutation in Self.mutations(of: try JSONValue(parsing: Fixtures.unit)) {
      do throws(ProfileProblems) {
        _ = try UnitFile.load(bytes: mutation.bytes, fileName: "unit.json", board: board)
      } catch {
        check(error)
      }
    }
  }

  @Test("A profile that is cut off, or has one byte changed, never traps")
  func bytes() {
    let good = Array(Fixtures.product.utf8)
    for index in stride(from: 0, to: good.count, by: 7) {
      var changed = good
      changed[index] = UInt8(truncatingIfNeeded: index &* 31)
      for bytes in [Array(good[..<index]), changed] {
        do throws(ProfileProblems) {
          _ = try BoardProfile.load(bytes: bytes, fileName: "board.json")
        } catch {
          check(error)
        }
      }
    }
  }
}
