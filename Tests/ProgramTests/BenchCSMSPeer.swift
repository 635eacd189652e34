import CLinux
import Glibc
import OCPPJSON
import Testing

/// What `recv` gives; a socket with a time limit gives up when the program was stopped meanwhile, and is asked again.
func receiveOnce(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ size: Int) -> Int {
  while true {
    let count = recv(descriptor, buffer, size, 0)
    guard count < 0, errno == EINTR else { return count }
  }
}

/// A station's side of a WebSocket, by hand: enough to talk to the program as a stranger would.
final class BenchCSMSPeer {
  private let descriptor: Int32
  private var received: [UInt8] = []
  /// Status line and headers of the answer to the handshake.
  let handshake: String

  init(port: Int, path: String, subprotocol: String? = "ocpp2.0.1", credentials: String? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let own = descriptor
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(own, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    var timeout = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    if let subprotocol { request += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
    if let credentials { request += "Authorization: \(credentials)\r\n" }
    var text = ""
    if result == 0 {
      let bytes = Array((request + "\r\n").utf8)
      _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      var byte: UInt8 = 0
      while !text.hasSuffix("\r\n\r\n"), receiveOnce(descriptor, &byte, 1) == 1 {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    handshake = text
  }

  deinit { close(descriptor) }

  /// Sends a text frame; the mask is zero, which leaves the bytes as they are.
  func send(_ text: String) {
    let payload = Array(text.utf8)
    var frame: [UInt8] = [0x81]
    if payload.count < 126 {
      frame.append(0x80 | UInt8(payload.count))
    } else {
      frame += [0x80 | 126, UInt8(payload.count >> 8 & 0xFF), UInt8(payload.count & 0xFF)]
    }
    frame += [0, 0, 0, 0] + payload
    _ = Glibc.send(descriptor, frame, frame.count, Int32(MSG_NOSIGNAL))
  }

  /// The next frame: its first byte and its payload; nil at the end or after two minutes.
  func receive() -> (head: UInt8, payload: [UInt8])? {
    guard let head = take(2) else { return nil }
    var count = Int(head[1] & 0x7F)
    if count >= 126 {
      guard let long = take(count == 126 ? 2 : 8) else { return nil }
      count = long.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let payload = take(count) else { return nil }
    return (head[0], payload)
  }

  func receiveJSON() throws -> JSONValue {
    let frame = try #require(receive())
    return try JSONValue(parsing: frame.payload)
  }

  /// Sends a CALL and answers what comes back.
  func call(_ id: String, _ action: String, _ payload: JSONValue) throws -> JSONValue {
    send(JSONValue.array([2, .string(id), .string(action), payload]).description)
    return try receiveJSON()
  }

  private func take(_ count: Int) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while received.count < count {
      let got = receiveOnce(descriptor, &buffer, buffer.count)
      guard got > 0 else { return nil }
      received += buffer.prefix(got)
    }
    let taken = Array(received.prefix(count))
    received.removeFirst(count)
    return taken
  }
}
