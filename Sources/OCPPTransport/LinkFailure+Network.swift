import NIOCore
import NIOHTTP1
import NIOPosix
import OCPPPorts
import OCPPSecurity

extension LinkFailure {
  /// What a failed dial means, whatever layer of it has failed.
  init(dialError error: any Error) {
    switch error {
    case let failure as LinkFailure:
      self = failure
    case is HTTPParserError:
      self.init(.protocolRefused, detail: "the answer is no HTTP: \(error)")
    case let error as TLSError:
      self.init(tls: error)
    case let error as NIOConnectionError:
      self.init(connection: error)
    case let error as IOError:
      self.init(Self.kind(errorNumber: error.errnoCode), detail: Self.words(errorNumber: error.errnoCode))
    case ChannelError.connectTimeout:
      self.init(.timeout, detail: "no answer to the connection request")
    default:
      self.init(.network, detail: "\(error)")
    }
  }

  private init(tls error: TLSError) {
    let problem: TLSProblem =
      switch error.code {
      case .certificate: .certificate
      case .version: .version
      case .cipherSuite: .cipherSuite
      case .badConfiguration, .truncated, .tooManyPendingBytes, .protocolFailure: .other
      }
    self.init(.tls, detail: error.description, tlsProblem: problem)
  }

  /// Of several addresses that were tried, the one whose answer says most.
  private init(connection error: NIOConnectionError) {
    let failures = error.connectionErrors.map { LinkFailure(dialError: $0.error) }
    if let refused = failures.first(where: { $0.kind == .refused }) ?? failures.first {
      self = refused
    } else {
      self.init(.nameNotFound, detail: "no address was found for \(error.host)")
    }
  }

  /// For people; Linux's numbers are the same on every architecture that we build for.
  private static func words(errorNumber: CInt) -> String {
    switch errorNumber {
    case 101: "the network is unreachable"
    case 104: "the connection was reset"
    case 110: "no answer to the connection request"
    case 111: "nothing listens at that address"
    case 113: "there is no route to the host"
    default: "network error \(errorNumber)"
    }
  }

  private static func kind(errorNumber: CInt) -> Kind {
    // Linux: ECONNREFUSED and ETIMEDOUT have these numbers on every architecture that we build for.
    switch errorNumber {
    case 111: .refused
    case 110: .timeout
    default: .network
    }
  }
}
