import ChargerBase
import Glibc
import HAL
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import ChargerRuntime

@Suite("A network loop that hangs", .serialized)
struct HungLoopTests {
  @Test(
    "DESIGN §5: a stop opens the contactors although the network loop hangs, in the time that the vehicle gets, and the program ends"
  )
  func hungLoop() throws {
    let rig = try StationRig()
    #expect(rig.charge())
    let release = NIOLockedValueBox(false)
    let hangs = NIOLockedValueBox(false)
    rig.running.network.eventLoop.execute {
      hangs.withLockedValue { $0 = true }
      while !release.withLockedValue({ $0 }) { usleep(1_000) }
    }
    #expect(eventually { hangs.withLockedValue { $0 } })
    let begin = boottime()
    let code = rig.running.end(rawArguments: [])
    let ended = boottime()
    // This vehicle goes on drawing: 6 s later it is opened under load, as the timing table says.
    #expect(rig.contactor.commanded == .open)
    let opened = rig.contactor.commandedAt ?? .distantFuture
    // In real time, on a machine that may be busy: not in the minute in which the permit would have held it closed.
    #expect(opened - begin < .seconds(60), "opened after \(opened - begin)")
    #expect(ended - begin < .seconds(120), "ended after \(ended - begin)")
    #expect(code == ExitCode.internal)
    release.withLockedValue { $0 = true }
    try rig.running.group.syncShutdownGracefully()
  }

  @Test("A stop in which nothing hangs ends with 0")
  func orderly() throws {
    let rig = try StationRig()
    #expect(rig.charge())
    rig.pilot.vehicle(9)
    #expect(rig.running.end(rawArguments: []) == ExitCode.success)
    #expect(rig.contactor.commanded == .open)
  }
}
