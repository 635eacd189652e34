import ChargerBase
import JSONRPC
import SimulatedWorld

/// A chip of the kernel's gpio-sim and what hangs on its lines.
package struct GPIOFrontConfiguration: Sendable, Equatable {
  /// What a line means to the world.
  enum Role: String, CaseIterable {
    // What the station drives. A contactor closes when all its coils have voltage, and stays closed by `holdCoil`.
    case coil, secondCoil, holdCoil, preCharge
    case lockDrive, unlockDrive
    case testCurrent, resetResidualCurrent, phaseRelay
    case red, green, blue, white
    // What the station reads: active when the thing named is so.
    case contactClosed, locked, tripped, monitorFault, threePhases, occupied, pressed
    case emergencyStop, door, tilt, mainsLoss

    /// The station drives it.
    var isOutput: Bool {
      switch self {
      case .coil, .secondCoil, .holdCoil, .preCharge, .lockDrive, .unlockDrive, .testCurrent, .resetResidualCurrent,
        .phaseRelay, .red, .green, .blue, .white:
        true
      case .contactClosed, .locked, .tripped, .monitorFault, .threePhases, .occupied, .pressed, .emergencyStop, .door,
        .tilt, .mainsLoss:
        false
      }
    }
  }

  struct Line: Sendable, Equatable {
    let name: String
    let role: Role
    /// Nil: the whole station.
    let evse: EVSEID?
    let connector: Int32
    /// High is inactive.
    let isInverted: Bool

    var place: ConnectorID? { evse.map { ConnectorID(evse: $0, number: connector) } }
  }

  static let maximumLines = 64

  /// The chip's label; the front makes the chip with its lines in configfs.
  let chip: String
  /// Line 0 first.
  let lines: [Line]

  init(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["front", "chip", "lines"])
    chip = try params.string("chip", maximum: 30)
    guard !chip.isEmpty, !chip.contains("/"), !chip.contains(".") else {
      throw params.wrong("chip", "must be a label without / and .")
    }
    var lines: [Line] = []
    for line in try params.objects("lines", maximum: Self.maximumLines) {
      try line.allow(["line", "is", "evse", "connector", "inverted"])
      lines.append(
        Line(
          name: try line.string("line", maximum: 30), role: try line.choice("is", Role.self),
          evse: try line.optionalInteger("evse", in: 1...Int32.max).map { EVSEID($0) },
          connector: try line.optionalInteger("connector", in: 1...Int32.max) ?? 1,
          isInverted: try line.optionalBool("inverted") ?? false))
    }
    guard !lines.isEmpty else { throw params.wrong("lines", "missing") }
    self.lines = lines
  }
}
