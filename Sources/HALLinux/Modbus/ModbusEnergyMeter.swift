import ChargerBase
import HAL

/// A meter on a Modbus line, read by a register map.
///
/// The control lane reads a mailbox: nothing here waits for the line or allocates.
public final class ModbusEnergyMeter: EnergyMeter {
  private let bus: ModbusBus
  private let mailbox = MeterMailbox()
  private var silence: MeterSilence
  public private(set) var latest: MeterReading?

  public init(on bus: ModbusBus, map: RegisterMap, polling: MeterPolling) {
    self.bus = bus
    silence = MeterSilence(limit: polling.silentAfter)
    bus.add(MeterPoller(map, polling, bus: bus, mailbox: mailbox))
  }

  public var wakeDescriptor: Int32? { mailbox.descriptor }
  public var health: DriverHealth { silence.health }

  public func service(at now: MonotonicInstant) {
    mailbox.silence()
    if let reading = mailbox.takeReading() {
      latest = reading
      silence.heard(at: reading.takenAt)
    }
    silence.check(at: now)
  }
}
