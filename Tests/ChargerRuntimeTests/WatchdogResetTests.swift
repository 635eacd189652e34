import ChargerBase
import OCPPCore
import TemporaryDirectories
import Testing

@testable import ChargerRuntime

/// What the board's own watchdog says reaches the table of what becomes of a transaction over a restart (README).
@Suite("A transaction over a reset by the board's watchdog", .serialized)
struct WatchdogResetTests {
  /// A transaction begins with the plug, so that nobody has to be asked.
  private static let pluggedIn = """
    [{"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}, "value": "EVConnected"},
     {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStopPoint"}, "value": "EVConnected"}]
    """

  private static let evse = connector.evse
  private static var connector: ConnectorID { StationRig.connector }

  private static func transaction(_ rig: StationRig) -> String? {
    rig.ask { $0.chargePoint?.openTransaction(at: evse)?.id } ?? nil
  }

  /// The disk of a station that was reset in the middle of a transaction, and that transaction.
  private static func reset() throws -> (disk: TemporaryDirectory, transaction: String) {
    let rig = try StationRig(bootID: "a", resetByWatchdog: false, deviceModel: pluggedIn)
    rig.pilot.vehicle(9)
    #expect(eventually { transaction(rig) != nil })
    let id = try #require(transaction(rig))
    let disk = try rig.disk()
    #expect(rig.running.end(rawArguments: []) == ExitCode.success)
    return (disk, id)
  }

  /// The reason of the end when the vehicle is gone after the start that the watchdog says this of.
  private static func ending(_ resetByWatchdog: Bool) throws -> String? {
    let (disk, id) = try reset()
    let rig = try StationRig(bootID: "b", resetByWatchdog: resetByWatchdog, deviceModel: pluggedIn, state: disk)
    defer { #expect(rig.running.end(rawArguments: []) == ExitCode.success) }
    #expect(eventually { rig.ask { $0.chargePoint?.lastSession(at: Self.evse) != nil } ?? false })
    let last = try #require(rig.ask { $0.chargePoint?.lastSession(at: Self.evse) } ?? nil)
    #expect(last.transactionID == id)
    return last.stoppedReason
  }

  @Test("The watchdog has reset the system, and the vehicle is gone: ended for the reboot, not for a loss of power")
  func gone() throws {
    #expect(try Self.ending(true) == "Reboot")
    #expect(try Self.ending(false) == "PowerLoss")
  }
}
