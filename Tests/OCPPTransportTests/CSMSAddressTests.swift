import ChargerBase
import OCPPPorts
import Testing

@testable import OCPPTransport

@Suite("Part 4 §3.1.1 Connection URL")
struct CSMSAddressTests {
  @Test(
    "Scheme, host, port and path are read, with the scheme's own port where none is given",
    arguments: [
      ("ws://csms.example.com/ocpp", false, "csms.example.com", 80, "csms.example.com", "/ocpp/CS001"),
      ("wss://csms.example.com/ocppj", true, "csms.example.com", 443, "csms.example.com", "/ocppj/CS001"),
      ("WSS://csms.example.com", true, "csms.example.com", 443, "csms.example.com", "/CS001"),
      ("ws://csms.example.com:8180/", false, "csms.example.com", 8180, "csms.example.com:8180", "/CS001"),
      ("ws://[::1]:9000/a/b/", false, "::1", 9000, "[::1]:9000", "/a/b/CS001"),
      ("wss://[2001:db8::7]/a", true, "2001:db8::7", 443, "[2001:db8::7]", "/a/CS001"),
      ("ws://10.0.0.1:65535/a?tenant=7", false, "10.0.0.1", 65535, "10.0.0.1:65535", "/a/CS001?tenant=7"),
      ("ws://host?x", false, "host", 80, "host", "/CS001?x"),
    ])
  func reads(url: String, isSecure: Bool, host: String, port: Int, header: String, target: String) throws {
    let address = try CSMSAddress(url)
    #expect(address.isSecure == isSecure)
    #expect(address.host == host)
    #expect(address.port == port)
    #expect(address.hostHeader == header)
    #expect(address.requestTarget(identity: "CS001") == target)
  }

  @Test(
    "What is no WebSocket URL is refused before anything is dialled",
    arguments: [
      "", "ws:", "ws://", "http://host/", "host/path", "ws://:80/", "ws://host:/", "ws://host:0/", "ws://host:65536/",
      "ws://host:+80/", "ws://host:8a/", "ws://[::1", "ws://[::1]8080/", "ws://[nonsense]/", "ws://[]/",
      "ws://user:secret@host/", "ws://host/path#part", "ws://host/with space", "ws://host/a\r\nX-Header: 1",
      "ws://ho\u{0}st/", "ws://h\u{F6}st/", "ws://ho%73t/", "ws://" + String(repeating: "a", count: 254) + "/",
      "ws://host/" + String(repeating: "a", count: 2048),
    ])
  func refuses(url: String) {
    #expect { _ = try CSMSAddress(url) } throws: { ($0 as? LinkFailure)?.kind == .badAddress }
  }

  @Test(
    "The identity is percent-encoded as necessary",
    arguments: [
      ("RDAM 123", "/RDAM%20123"), ("CS|1", "/CS%7C1"), ("a/b?c#d", "/a%2Fb%3Fc%23d"), ("50%", "/50%25"),
      ("*-_=+.@", "/*-_=+.@"), ("\u{E9}", "/%C3%A9"),
    ])
  func encodesIdentity(identity: String, target: String) throws {
    #expect(try CSMSAddress("ws://host").requestTarget(identity: identity) == target)
  }
}

@Suite("HTTP Basic authentication")
struct BasicAuthorizationTests {
  @Test(
    "Base64 follows RFC 4648 §10",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func base64(text: String, encoded: String) {
    #expect(Base64.encoded(Array(text.utf8)) == encoded)
  }

  @Test("A00.FR.204 The user name is the identity; A00.FR.205 the password goes as it is")
  func header() {
    #expect(
      BasicAuthorization.headerValue(identity: "Aladdin", password: Array("open sesame".utf8))
        == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    #expect(BasicAuthorization.headerValue(identity: "a", password: [0xFF, 0xFE]) == "Basic YTr//g==")
  }
}
