import CCurl
import Testing

@Suite("C library libcurl")
struct CurlLibraryTests {
  @Test("libcurl tells its version and speaks the schemes that transfers need")
  func version() throws {
    let information = try #require(curl_version_info(CURLVERSION_FIRST)).pointee
    #expect(String(cString: try #require(information.version)) >= "7.85")
    var schemes: [String] = []
    var next = information.protocols
    while let scheme = next?.pointee {
      schemes.append(String(cString: scheme))
      next = next?.advanced(by: 1)
    }
    #expect(["http", "https", "ftp", "ftps", "sftp"].allSatisfy { schemes.contains($0) })
  }

  @Test("A setter with a name of its own reaches the library")
  func setter() throws {
    let handle = try #require(curl_easy_init())
    defer { curl_easy_cleanup(handle) }
    #expect(ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK)
    #expect(ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "nonsense") != CURLE_OK)
  }
}
