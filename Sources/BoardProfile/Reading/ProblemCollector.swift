/// Gathers problems while a file is read; the reading goes on past each of them.
package final class ProblemCollector {
  package let source: ProfileSource
  private var problems: [(offset: Int, problem: ProfileProblem)] = []
  private var omitted = 0
  /// Of other files that this one names.
  private var attached: [ProblemCollector] = []

  package init(source: ProfileSource) { self.source = source }

  package var isEmpty: Bool { problems.isEmpty && attached.allSatisfy(\.isEmpty) }
  /// Further problems are only counted: no work needs to be spent on their words.
  package var isFull: Bool { problems.count >= ProfileProblems.maximumCount }

  package func report(
    at offset: Int, path: String, _ message: String, allowed: String? = nil, suggestion: String? = nil
  ) {
    guard !isFull else {
      omitted += 1
      return
    }
    let place = source.place(of: offset)
    let problem = ProfileProblem(
      file: source.fileName, line: place.line, column: place.column, path: path, message: message, allowed: allowed,
      suggestion: suggestion)
    problems.append((offset, problem))
  }

  /// A collector for another file that this one names; its problems are told after this file's.
  package func attach(_ source: ProfileSource) -> ProblemCollector {
    let other = ProblemCollector(source: source)
    attached.append(other)
    return other
  }

  /// In the order of the file; problems at the same place in the order in which they were found.
  package var result: ProfileProblems {
    let ordered = problems.enumerated().sorted { left, right in
      (left.element.offset, left.offset) < (right.element.offset, right.offset)
    }
    let own = ProfileProblems(ordered.map(\.element.problem), omitted: omitted)
    return attached.reduce(own) { $0 + $1.result }
  }
}
