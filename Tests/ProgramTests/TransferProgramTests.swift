import Foundation
import TLSTestSupport
import TemporaryDirectories
import Testing

/// Runs the built `charger-transfer` as its users do.
@Suite("charger-transfer")
struct TransferProgramTests {
  struct Outcome {
    var code: Int32
    var errors: String
  }

  private let directory: TemporaryDirectory
  private var file: URL { url("firmware.bin") }
  private var part: URL { url("firmware.bin.part") }
  private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

  init() throws { directory = try TemporaryDirectory("transfer") }

  private func url(_ name: String) -> URL { URL(fileURLWithPath: directory.file(name)) }

  /// The program beside this test's own bundle.
  private static func program() throws -> URL {
    let own = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return own.deletingLastPathComponent().appendingPathComponent("charger-transfer")
  }

  private func run(_ arguments: [String], input: String? = nil) throws -> Outcome {
    let process = Process()
    process.executableURL = try Self.program()
    process.arguments = arguments
    let errors = Pipe()
    process.standardError = errors
    let source = Pipe()
    process.standardInput = source
    try process.run()
    if let input { try? source.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }  // it may have ended already
    try source.fileHandleForWriting.close()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    return Outcome(code: process.terminationStatus, errors: text)
  }

  private func stored(_ url: URL) -> [UInt8]? { try? Array(Data(contentsOf: url)) }

  @Test("A download arrives whole, readable by its owner alone, and leaves no part behind")
  func downloads() throws {
    let server = try TransferFileServer(content: content)
    defer { server.stop() }
    let outcome = try run(["download", server.url(), file.path])
    #expect(outcome.code == 0)
    #expect(outcome.errors == "")
    #expect(stored(file) == content)
    #expect(stored(part) == nil)
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("A download that broke off goes on where it stopped")
  func resumes() throws {
    let server = try TransferFileServer(content: content, habit: .cutAfter(100_000))
    defer { server.stop() }
    let first = try run(["download", server.url(), file.path])
    #expect(first.code == 75)
    #expect(stored(file) == nil)
    #expect(stored(part)?.count == 100_000)

    server.become(.ordinary)
    #expect(try run(["download", server.url(), file.path]).code == 0)
    #expect(stored(file) == content)
    #expect(server.requests.last?.range == "bytes=100000-")
  }

  @Test("With a server that cannot go on, or a part that is as long as the file, the download begins anew")
  func beginsAnew() throws {
    let server = try TransferFileServer(content: content, habit: .noRanges)
    defer { server.stop() }
    try Data([1, 2, 3]).write(to: part)
    #expect(try run(["download", server.url(), file.path]).code == 0)
    #expect(stored(file) == content)

    server.become(.ordinary)
    try Data([UInt8](repeating: 9, count: content.count)).write(to: part)
    #expect(try run(["download", server.url(), file.path]).code == 0)
    #expect(stored(file) == content)
  }

  @Test("More than the limit is refused, told by the server or not")
  func limits() throws {
    let server = try TransferFileServer(content: content)
    defer { server.stop() }
    #expect(try run(["download", server.url(), file.path, "--max-bytes", "299999"]).code == 65)
    #expect(stored(file) == nil)
    #expect(try run(["download", server.url(), file.path, "--max-bytes", "300000"]).code == 0)

    server.become(.endless)
    try FileManager.default.removeItem(at: file)
    #expect(try run(["download", server.url(), file.path, "--max-bytes", "1000000"]).code == 65)
    #expect(stored(file) == nil)
    #expect((stored(part)?.count ?? 0) <= 1_000_000)
  }

  @Test("A password in the URL is used, and never shown when it is wrong")
  func passwords() throws {
    let right = "Basic " + Data("station:secret".utf8).base64EncodedString()
    let server = try TransferFileServer(content: content, habit: .password(right))
    defer { server.stop() }
    #expect(try run(["download", server.url(user: "station:secret@"), file.path]).code == 0)
    let outcome = try run(["download", server.url(user: "station:wr0ng@"), file.path + "2"])
    #expect(outcome.code == 77)
    #expect(!outcome.errors.contains("wr0ng"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test("The URL may come by the input, where no process list shows it")
  func urlByInput() throws {
    let server = try TransferFileServer(content: content)
    defer { server.stop() }
    #expect(try run(["download", "-", file.path], input: server.url() + "\n").code == 0)
    #expect(stored(file) == content)
    #expect(try run(["download", "-", file.path], input: "").code == 64)
  }

  @Test("An upload sends the file whole; to a directory it goes under its own name")
  func uploads() throws {
    let server = try TransferFileServer()
    defer { server.stop() }
    let log = url("log of today.tar")
    try Data(content).write(to: log)
    #expect(try run(["upload", server.url("/logs/"), log.path]).code == 0)
    #expect(server.requests.last?.line == "PUT /logs/log%20of%20today.tar HTTP/1.1")
    #expect(server.requests.last?.body == content)
    #expect(try run(["upload", server.url("/x"), log.path, "--max-bytes", "10"]).code == 65)
    #expect(try run(["upload", server.url("/x"), directory.path]).code == 66)
    #expect(try run(["upload", server.url("/x"), directory.path + "/none"]).code == 66)
    server.become(.password("Basic none"))
    #expect(try run(["upload", server.url("/x"), log.path]).code == 77)
  }

  @Test("A redirect is followed, but not out of HTTP and not for ever")
  func redirects() throws {
    let target = try TransferFileServer(content: content)
    let server = try TransferFileServer(habit: .redirect(target.url()))
    defer {
      server.stop()
      target.stop()
    }
    #expect(try run(["download", server.url(), file.path]).code == 0)
    #expect(stored(file) == content)
    server.become(.redirect("file:///etc/hostname"))
    #expect(try run(["download", server.url(), file.path + "2"]).code != 0)
    #expect(!FileManager.default.fileExists(atPath: file.path + "2"))
    server.become(.redirect(server.url()))
    #expect(try run(["download", server.url(), file.path + "3"]).code == 76)
  }

  @Test("Over TLS the server must show a certificate of a root that was given, for its own name")
  func trust() throws {
    let authority = try TestAuthority()
    let roots = url("roots.pem")
    try Data(authority.root.certificatePEM).write(to: roots)
    let own = try authority.issue(commonName: "127.0.0.1", alternativeNames: "IP:127.0.0.1")
    let server = try TransferFileServer(content: content, tls: try TestTLSServer(identity: own))
    defer { server.stop() }
    let address = server.url(scheme: "https")
    #expect(try run(["download", address, file.path, "--ca", roots.path]).code == 0)
    #expect(stored(file) == content)
    // Without the root, with the wrong name, with TLS 1.1 only.
    #expect(try run(["download", address, file.path + "2"]).code == 78)
    let localhost = address.replacingOccurrences(of: "127.0.0.1", with: "localhost")
    #expect(try run(["download", localhost, file.path + "2", "--ca", roots.path]).code == 78)
    let old = try TransferFileServer(content: content, tls: try TestTLSServer(identity: own, speaks: .onlyTLS11))
    defer { old.stop() }
    #expect(try run(["download", old.url(scheme: "https"), file.path + "2", "--ca", roots.path]).code == 78)
    #expect(try run(["download", address, file.path + "2", "--ca", "/nonexistent.pem"]).code == 78)
    #expect(!FileManager.default.fileExists(atPath: file.path + "2"))
  }

  @Test("A redirect from TLS to clear text is not followed")
  func downgrade() throws {
    let authority = try TestAuthority()
    let roots = url("roots.pem")
    try Data(authority.root.certificatePEM).write(to: roots)
    let own = try authority.issue(commonName: "127.0.0.1", alternativeNames: "IP:127.0.0.1")
    let plain = try TransferFileServer(content: content)
    let server = try TransferFileServer(habit: .redirect(plain.url()), tls: try TestTLSServer(identity: own))
    defer {
      server.stop()
      plain.stop()
    }
    #expect(try run(["download", server.url(scheme: "https"), file.path, "--ca", roots.path]).code != 0)
    #expect(plain.requests.isEmpty)
  }

  @Test("FTP: a download goes on where it stopped, an upload makes its directory, a wrong password is told")
  func ftp() throws {
    let server = try TransferFTPServer(files: ["/firmware.bin": content])
    defer { server.stop() }
    let base = "ftp://station:secret@127.0.0.1:\(server.port)"
    try Data(content.prefix(1000)).write(to: part)
    #expect(try run(["download", base + "/firmware.bin", file.path]).code == 0)
    #expect(stored(file) == content)
    #expect(server.commands.contains("REST 1000"))

    #expect(try run(["upload", base + "/logs/", file.path]).code == 0)
    #expect(server.file("/logs/firmware.bin") == content)
    #expect(server.commands.contains("MKD logs"))

    let wrong = "ftp://station:wr0ng@127.0.0.1:\(server.port)/firmware.bin"
    #expect(try run(["download", wrong, file.path + "2"]).code == 77)
    #expect([76, 77].contains(try run(["download", base + "/none.bin", file.path + "3"]).code))
  }

  @Test("What goes wrong has a code of its own")
  func codes() throws {
    let server = try TransferFileServer(content: content, habit: .silent)
    defer { server.stop() }
    #expect(try run(["download", server.url(), file.path, "--timeout", "1"]).code == 75)
    #expect(try run(["download", "http://no-such-host.invalid/x", file.path]).code == 69)
    #expect(try run(["download", server.url(), "/nonexistent/firmware.bin"]).code == 73)
    // A server without TLS where TLS was asked for.
    server.become(.ordinary)
    let secure = server.url().replacingOccurrences(of: "http:", with: "https:")
    #expect([78, 75].contains(try run(["download", secure, file.path, "--timeout", "5"]).code))
  }

  @Test(
    "A wrong command line is told with the usage",
    arguments: [
      [], ["download"], ["download", "http://h/"], ["move", "http://h/", "f"], ["download", "file:///etc/passwd", "f"],
      ["download", "gopher://h/", "f"], ["download", "http://h/a b", "f"],
      ["download", "http://h/", "f", "--max-bytes"],
      ["download", "http://h/", "f", "--max-bytes", "0"], ["download", "http://h/", "f", "--timeout", "1e9"],
      ["download", "http://h/", "f", "--verbose"], ["download", "sftp://h/x", "f"], ["download", "http://h/", ""],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try run(arguments)
    #expect(outcome.code == 64)
    #expect(outcome.errors.contains("usage: charger-transfer"))
  }
}
