import ChargerBase
import NIOCore
import NIOHTTP1
import NIOWebSocket
import OCPPPorts
import OCPPTypes

/// The opening handshake (RFC 6455 §4): what we ask for and what we accept as the answer.
///
/// NIO's client upgrader checks the echo of the key; status, sub-protocol, extensions and headers are checked here.
final class WebSocketUpgrade {
  private let target: LinkTarget
  private let keyExchange: NIOWebSocketClientUpgrader

  init(target: LinkTarget) {
    self.target = target
    // Only its key is used, so its pipeline is never built.
    keyExchange = NIOWebSocketClientUpgrader { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
  }

  func requestHead(for address: CSMSAddress) -> HTTPRequestHead {
    var headers = HTTPHeaders()
    headers.add(name: "Host", value: address.hostHeader)
    headers.add(name: "Connection", value: "upgrade")
    headers.add(name: "Upgrade", value: "websocket")
    keyExchange.addCustom(upgradeRequestHeaders: &headers)
    headers.add(name: "Sec-WebSocket-Protocol", value: target.versions.map(\.subprotocol).joinedText(", "))
    if let password = target.basicAuthPassword {
      headers.add(
        name: "Authorization", value: BasicAuthorization.headerValue(identity: target.identity, password: password))
    }
    return HTTPRequestHead(
      version: .http1_1, method: .GET, uri: address.requestTarget(identity: target.identity), headers: headers)
  }

  /// - Throws: `LinkFailure` when the answer is no upgrade that we asked for.
  func version(agreedIn answer: HTTPResponseHead) throws(LinkFailure) -> OCPPVersion {
    if answer.status.code != 101 { throw refusal(answer.status) }
    guard Self.holds(answer.headers["Upgrade"], "websocket") else {
      throw LinkFailure(.protocolRefused, detail: "the answer is no WebSocket upgrade")
    }
    guard keyExchange.shouldAllowUpgrade(upgradeResponse: answer) else {
      throw LinkFailure(.protocolRefused, detail: "the answer to our WebSocket key is wrong")
    }
    guard Self.holds(answer.headers["Connection"], "upgrade") else {
      throw LinkFailure(.protocolRefused, detail: "the answer lacks Connection: Upgrade")
    }
    guard answer.headers["Sec-WebSocket-Extensions"].isEmpty else {
      throw LinkFailure(.protocolRefused, detail: "the CSMS chose a WebSocket extension that we did not offer")
    }
    let chosen = answer.headers["Sec-WebSocket-Protocol"]
    guard let name = chosen.first else {
      throw LinkFailure(.protocolRefused, detail: "the CSMS agrees to none of the OCPP versions offered")
    }
    guard chosen.count == 1, let version = target.versions.first(where: { $0.subprotocol == name }) else {
      throw LinkFailure(
        .protocolRefused, detail: "the CSMS chose a sub-protocol that we did not offer: \(name.prefix(64))")
    }
    return version
  }

  private func refusal(_ status: HTTPResponseStatus) -> LinkFailure {
    let text = "HTTP \(status.code) \(status.reasonPhrase.prefix(64))"
    return switch status {
    case .unauthorized, .forbidden: LinkFailure(.unauthorized, detail: text)
    // Part 4 §3.2: the CSMS does not know the identity.
    case .notFound: LinkFailure(.protocolRefused, detail: "\(text): the CSMS does not know this station")
    default: LinkFailure(.protocolRefused, detail: text)
    }
  }

  /// Whether a word, given in small letters, stands in a list of words (RFC 9110 §5.6.1), in whatever case.
  private static func holds(_ values: [String], _ word: String) -> Bool {
    let wanted = Array(word.utf8)
    for value in values {
      var found: [UInt8] = []
      for byte in value.utf8 {
        switch byte {
        case UInt8(ascii: ","):
          if found == wanted { return true }
          found.removeAll()
        case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): found.append(byte | 0x20)
        default: found.append(byte)
        }
      }
      if found == wanted { return true }
    }
    return false
  }
}
