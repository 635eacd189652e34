import ChargerBase

/// How many lines a log may get, so that a missing meter or a flapping link does not wear out the flash in a week.
///
/// Lines of one subject (link, connector, message …) have a burst, so that whatever happens is told in full at first, and
/// a slow trickle after it; all subjects together have the same. Errors have a burst and a trickle of their own, so that
/// chatter never hides them. What is left out is counted, and the next line of the subject tells how many there were.
struct LogBudget {
  /// Ordinary lines of one subject: at once, and in an hour of steady trouble.
  static let subject = Allowance(burst: 40, anHour: 12)
  /// Ordinary lines of all subjects.
  static let ordinary = Allowance(burst: 400, anHour: 60)
  /// Errors and worse.
  static let errors = Allowance(burst: 60, anHour: 20)
  /// What a station in steady trouble writes in an hour at most: the lines themselves and the lines that count others.
  static let linesAnHour = 2 * (ordinary.anHour + errors.anHour)
  /// Subjects that are told apart; all others share one.
  static let maximumSubjects = 32

  struct Allowance {
    let burst: Int64
    let anHour: Int64
    var interval: Duration { .milliseconds(3_600_000 / anHour) }
    /// How far ahead of its even pace a line may come.
    var tolerance: Duration { .milliseconds(interval.wholeMilliseconds * (burst - 1)) }
  }

  /// One allowance's use: when the next line would come if all came at an even pace.
  private struct Bucket {
    var next = MonotonicInstant.zero
    var leftOut = 0

    func admits(_ allowance: Allowance, at now: MonotonicInstant) -> Bool {
      next.duration(to: now) >= .zero || now.duration(to: next) <= allowance.tolerance
    }

    mutating func take(_ allowance: Allowance, at now: MonotonicInstant) { next = max(next, now) + allowance.interval }
  }

  private var subjects: [(name: String, bucket: Bucket)] = []
  private var all = Bucket()
  private var errorBucket = Bucket()

  /// Whether a line may be written now: nil when not, else how many of its subject were left out since the last one.
  mutating func admit(_ subject: String, isError: Bool, at now: MonotonicInstant) -> Int? {
    if isError {
      guard errorBucket.admits(Self.errors, at: now) else {
        errorBucket.leftOut = errorBucket.leftOut.addingSaturating(1)
        return nil
      }
      errorBucket.take(Self.errors, at: now)
      defer { errorBucket.leftOut = 0 }
      return errorBucket.leftOut
    }
    let place = place(of: subject)
    guard subjects[place].bucket.admits(Self.subject, at: now), all.admits(Self.ordinary, at: now) else {
      subjects[place].bucket.leftOut = subjects[place].bucket.leftOut.addingSaturating(1)
      return nil
    }
    subjects[place].bucket.take(Self.subject, at: now)
    all.take(Self.ordinary, at: now)
    defer { subjects[place].bucket.leftOut = 0 }
    return subjects[place].bucket.leftOut
  }

  private mutating func place(of subject: String) -> Int {
    if let place = subjects.firstIndex(where: { $0.name == subject }) { return place }
    guard subjects.count < Self.maximumSubjects else { return Self.maximumSubjects - 1 }
    subjects.append((subject, Bucket()))
    return subjects.count - 1
  }
}
