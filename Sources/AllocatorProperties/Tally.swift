import ChargerBase

/// What the walks of many seeds have seen.
public struct Tally: Sendable {
  public var seeds = 0
  public var simulated = Duration.zero
  public var inputs = 0
  public var checks = 0
  public var offerChanges = 0
  public var closings = 0
  public var sessions = 0
  public var limits = 0
  public var supplyChanges = 0
  public var cutOff = 0
  public var longestWait = Duration.zero

  public init() {}

  public mutating func add(_ other: Tally) {
    seeds += other.seeds
    simulated += other.simulated
    inputs += other.inputs
    checks += other.checks
    offerChanges += other.offerChanges
    closings += other.closings
    sessions += other.sessions
    limits += other.limits
    supplyChanges += other.supplyChanges
    cutOff += other.cutOff
    longestWait = max(longestWait, other.longestWait)
  }

  /// For people, a few lines.
  public var text: String {
    """
    \(seeds) stations, \(simulated.wholeSeconds / 3_600) h simulated, \(inputs) inputs, \(checks) times all rules checked
    \(sessions) vehicles, \(closings) closings, \(offerChanges) changed offers, \(limits) limits, \
    \(supplyChanges) changes of a supply
    \(cutOff) vehicles cut off for drawing too much; the longest wait for a turn was \(longestWait.wholeSeconds) s
    """
  }
}
