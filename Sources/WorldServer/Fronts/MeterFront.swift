import ChargerBase
import JSONRPC
import OCPPJSON
import SimulatedPeripherals
import SimulatedWorld

/// A Modbus line with the meters of some EVSEs, or with EVSE 0 the main meter.
package struct MeterFrontConfiguration: Sendable, Equatable {
  struct Meter: Sendable, Equatable {
    let evse: EVSEID
    let number: UInt8
    let type: SimulatedMeterType
  }

  static let maximumMeters = 16

  /// Where a driver finds a serial line; nil for TCP.
  let path: String?
  /// The TCP port on this machine; nil for a serial line.
  let port: UInt16?
  let meters: [Meter]

  init(_ params: JSONRPCParameters) throws(JSONRPCError) {
    try params.allow(["front", "path", "port", "meters"])
    path = try params.optionalString("path", maximum: 200)
    port = try params.optionalInteger("port", in: 1...65_535).map { UInt16(clamping: $0) }
    guard (path == nil) != (port == nil) else { throw params.wrong("path", "either path or port, not both") }
    var meters: [Meter] = []
    for meter in try params.objects("meters", maximum: Self.maximumMeters) {
      try meter.allow(["evse", "device", "type"])
      meters.append(
        Meter(
          evse: EVSEID(try meter.integer("evse", in: 0...Int32.max)),
          number: UInt8(clamping: try meter.optionalInteger("device", in: 1...247) ?? 1),
          type: try meter.choice("type", SimulatedMeterType.self)))
    }
    guard !meters.isEmpty else { throw params.wrong("meters", "missing") }
    self.meters = meters
  }
}

/// The world's meters as Modbus devices on one line.
final class MeterFront: WorldFront {
  /// A meter computes its registers anew this often.
  static let interval = Duration.milliseconds(100)

  private let configuration: MeterFrontConfiguration
  private var line: ModbusFront?
  private(set) var nextInstant = MonotonicInstant.zero
  /// What the wire does to each meter's answers, by its place.
  private var wireFaults: [WireFault?]
  private var isSilent: [Bool]

  init(_ configuration: MeterFrontConfiguration) {
    self.configuration = configuration
    wireFaults = Array(repeating: nil, count: configuration.meters.count)
    isSilent = Array(repeating: false, count: configuration.meters.count)
  }

  func open() throws {
    let slaves = configuration.meters.map { meter in
      let serialNumber = "2500000\(meter.evse.number % 10)"
      var slave = meter.type.makeSlave(number: meter.number, serialNumber: serialNumber)
      let signer = OpenSSLMeterSigner()
      slave.iskra?.sign = { signer.signature(of: $0, serialNumber: serialNumber) ?? [] }
      // The two coordinates are the last of what a DER public key has.
      slave.iskra?.publicKey = signer.publicKey(serialNumber: serialNumber).suffix(64)
      return slave
    }
    do throws(PseudoTerminalError) {
      if let path = configuration.path {
        line = try ModbusFront(slaves, path: path)
      } else if let port = configuration.port {
        line = try ModbusFront(slaves, port: port)
      }
    } catch {
      throw FrontError("no wire for the meters: error \(error.errorNumber)")
    }
  }

  func close() { line = nil }

  var faults: [WireFault] {
    [
      .busSilent, .busWrongCheck, .busGarbage, .busHalfFrame, .busSlowBytes, .busException, .busWrongSlave,
      .busUnplugged,
    ] + (configuration.meters.contains { $0.type == .iskraWM3M4C } ? [.meterNeverSigns, .meterReplacesSet] : [])
  }

  func set(_ fault: WireFault, active: Bool, evse: EVSEID?) {
    if fault == .busUnplugged {
      line?.setPluggedIn(!active)
      return
    }
    for (place, meter) in configuration.meters.enumerated() where evse == nil || evse == meter.evse {
      if let signing = Self.signingFault(fault) {
        line?.withSlave(meter.number) { $0.iskra?.fault = active ? signing : nil }
        continue
      }
      if active { wireFaults[place] = fault } else if wireFaults[place] == fault { wireFaults[place] = nil }
      spoil(place)
    }
  }

  func step(_ world: inout SimulatedWorld, at now: MonotonicInstant) {
    guard let line, nextInstant <= now else { return }
    nextInstant = now + Self.interval
    for (place, meter) in configuration.meters.enumerated() {
      let values = world.meterValues(of: meter.evse)
      if (values == nil) != isSilent[place] {
        isSilent[place] = values == nil
        spoil(place)
      }
      guard let values else { continue }
      let figures = MeterFigures(values)
      line.withSlave(meter.number) { meter.type.show(figures, on: &$0) }
    }
  }

  private func spoil(_ place: Int) {
    let fault: ModbusSlave.Fault? = isSilent[place] ? .silent : wireFaults[place].flatMap { Self.fault($0) }
    line?.withSlave(configuration.meters[place].number) { $0.set(fault) }
  }

  private static func signingFault(_ fault: WireFault) -> IskraSession.Fault? {
    switch fault {
    case .meterNeverSigns: .neverSigns
    case .meterReplacesSet: .replaces(.withinData)
    default: nil
    }
  }

  private static func fault(_ fault: WireFault) -> ModbusSlave.Fault? {
    switch fault {
    case .busSilent: .silent
    case .busWrongCheck: .checksum
    case .busGarbage: .garbage
    case .busHalfFrame: .halfFrame
    case .busSlowBytes: .slowBytes(.milliseconds(120))
    case .busException: .exception(4)
    case .busWrongSlave: .wrongDevice
    default: nil
    }
  }
}

extension MeterFigures {
  /// Phases that are not wired show nothing.
  fileprivate init(_ values: MeterValues) {
    self.init()
    importRegister = values.importRegister
    exportRegister = values.exportRegister
    frequency = values.frequency
    for phase in 0..<3 {
      voltage[phase] = phase < values.voltages.count ? values.voltages[phase] : .zero
      current[phase] = phase < values.currents.count ? values.currents[phase] : .zero
      power[phase] = phase < values.powers.count ? values.powers[phase] : .zero
    }
  }
}
