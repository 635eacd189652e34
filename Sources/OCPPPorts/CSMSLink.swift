import ChargerBase
import OCPPTypes

/// One WebSocket to the CSMS at a time.
///
/// 1. No member blocks, and none calls back before it has returned: what happens comes as a `LinkEvent` later.
/// 2. Every `open` is followed by exactly one of `.opened` and `.failed` with its attempt number; every `.opened` by
///    exactly one `.closed`.
/// 3. Frames are delivered whole, in order and at most `LinkTarget.maximumFrameBytes` long; a longer one closes the link
///    with 1009, one that is not UTF-8 with 1007.
/// 4. A frame given to `send` on a link that is not open is dropped without a sound: `.closed` has told it.
public protocol CSMSLink: AnyObject {
  func open(_ target: LinkTarget, attempt: LinkAttempt)
  func send(_ frame: [UInt8])
  /// Closes with a WebSocket close code, waiting a few seconds at most for the peer.
  func close(code: UInt16, reason: String)
  /// WebSocket ping interval; zero turns it off. Takes effect at once.
  func setPingInterval(_ interval: Duration)
}

public struct LinkAttempt: Sendable, Hashable {
  public let number: UInt64
  public init(_ number: UInt64) { self.number = number }
}

/// Where and how to dial.
public struct LinkTarget: Sendable, Equatable {
  /// `ws://` or `wss://`, without the identity.
  public var url: String
  /// Appended to the URL's path, percent-encoded (Part 4 §3.1.1).
  public var identity: String
  /// HTTP Basic password of security profiles 1 and 2; nil sends none.
  public var basicAuthPassword: [UInt8]?
  /// 1…3 (A00); 0 for plain bench use without authentication.
  public var securityProfile: Int32
  /// In order of preference.
  public var versions: [OCPPVersion]
  public var pingInterval: Duration
  public var connectTimeout: Duration
  public var maximumFrameBytes: Int
  /// The IP address of the interface to dial from; nil leaves the choice to the system.
  public var localAddress: String?

  public init(
    url: String, identity: String, basicAuthPassword: [UInt8]? = nil, securityProfile: Int32 = 0,
    versions: [OCPPVersion] = [.v201], pingInterval: Duration = .seconds(60),
    connectTimeout: Duration = .seconds(30), maximumFrameBytes: Int = 1024 * 1024, localAddress: String? = nil
  ) {
    self.localAddress = localAddress
    self.url = url
    self.identity = identity
    self.basicAuthPassword = basicAuthPassword
    self.securityProfile = securityProfile
    self.versions = versions
    self.pingInterval = pingInterval
    self.connectTimeout = connectTimeout
    self.maximumFrameBytes = maximumFrameBytes
  }
}

public enum LinkEvent: Sendable, Equatable {
  case opened(LinkAttempt, OCPPVersion)
  case failed(LinkAttempt, LinkFailure)
  /// A whole text message.
  case frame(LinkAttempt, [UInt8])
  case closed(LinkAttempt, LinkClose)
}

/// Why a dial did not lead to a link; `detail` is for people.
public struct LinkFailure: Error, Sendable, Equatable {
  public enum Kind: UInt8, Sendable {
    case badAddress, nameNotFound, refused, timeout, network
    /// The server's certificate, name or version was not accepted.
    case tls
    /// HTTP 401 or 403.
    case unauthorized
    /// The server answered, but did not upgrade to a sub-protocol that we offered.
    case protocolRefused
  }
  /// What was wrong with a `.tls` dial: each has a security event of its own (A00.FR.310, A00.FR.316, A00.FR.323).
  public enum TLSProblem: UInt8, Sendable {
    case certificate, version, cipherSuite, other
  }
  public var kind: Kind
  public var detail: String
  public var tlsProblem: TLSProblem?

  public init(_ kind: Kind, detail: String, tlsProblem: TLSProblem? = nil) {
    self.kind = kind
    self.detail = detail
    self.tlsProblem = tlsProblem
  }
}

public struct LinkClose: Sendable, Equatable {
  public enum Cause: UInt8, Sendable {
    /// We asked for it.
    case local
    /// The peer sent a close frame.
    case remote
    /// No pong in time, or the connection broke.
    case lost
    /// The peer broke the WebSocket protocol or a limit of ours.
    case protocolError
  }
  public var cause: Cause
  public var code: UInt16?
  public var detail: String

  public init(cause: Cause, code: UInt16?, detail: String) {
    self.cause = cause
    self.code = code
    self.detail = detail
  }
}
