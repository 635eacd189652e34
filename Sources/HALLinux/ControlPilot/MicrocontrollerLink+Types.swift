import ChargerBase

extension MicrocontrollerLink {
  public struct Configuration: Sendable, Equatable {
    /// The serial port, as `/dev/ttyS1`.
    public var port: String
    /// In bits per second, one of `rates`.
    public var rate: Int64
    /// How long the MCU may say nothing before its drivers are silent.
    public var silentAfter: Duration
    /// How often the station gives a sign of life, and how often it looks for silence.
    public var heartbeat: Duration

    public static var rates: [Int64] { SerialPort.rates }

    public init(
      port: String, rate: Int64 = 115_200, silentAfter: Duration = .milliseconds(250),
      heartbeat: Duration = .milliseconds(50)
    ) {
      self.port = port
      self.rate = rate
      self.silentAfter = silentAfter
      self.heartbeat = heartbeat
    }
  }

  /// What has happened on the line since it was opened.
  public struct Counters: Sendable, Equatable {
    public var frames: UInt64 = 0
    /// What stood between two frames and was none, or had a wrong checksum.
    public var badFrames: UInt64 = 0
    /// Frames that came twice or after a newer one.
    public var staleFrames: UInt64 = 0
    /// Frames that the MCU has sent and that did not come.
    public var lostFrames: UInt64 = 0
    /// How often the MCU fell silent, forgot the station or began anew.
    public var losses: UInt64 = 0
  }

  /// Why the MCU was lost the last time.
  public enum Loss: UInt8, Sendable {
    /// Nothing was heard.
    case silent = 1
    /// It has begun anew.
    case reset = 2
    /// It has not heard the station, and has opened by itself.
    case stationUnheard = 3
    /// It is heard, but does not confirm commands.
    case deaf = 4
    /// It greets without having been asked.
    case newSession = 5
  }
}
