import CCurl

/// One libcurl handle with the settings that every transfer of ours shares.
final class CurlHandle {
  let handle: UnsafeMutableRawPointer
  private let message: UnsafeMutablePointer<CChar>

  init(_ job: TransferJob) throws(TransferFailure) {
    guard let handle = curl_easy_init() else { throw TransferFailure(.internal, "libcurl cannot be used") }
    self.handle = handle
    message = .allocate(capacity: Int(CURL_ERROR_SIZE))
    message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, message)

    try text(CURLOPT_URL, job.direction == .upload ? job.uploadURL : job.url)
    try text(CURLOPT_PROTOCOLS_STR, "http,https,ftp,ftps,sftp")
    // A redirect never leaves TLS and never ends at another kind of server.
    try text(CURLOPT_REDIR_PROTOCOLS_STR, job.scheme == "https" ? "https" : "http,https")
    try number(CURLOPT_FOLLOWLOCATION, 1)
    try number(CURLOPT_MAXREDIRS, 5)
    try number(CURLOPT_FAILONERROR, 1)
    try number(CURLOPT_NOSIGNAL, 1)
    try number(CURLOPT_CONNECTTIMEOUT, min(30, Int(job.timeoutSeconds)))
    try number(CURLOPT_TIMEOUT, Int(job.timeoutSeconds))
    // Less than a byte a second for a minute is a transfer that has stopped.
    try number(CURLOPT_LOW_SPEED_LIMIT, 1)
    try number(CURLOPT_LOW_SPEED_TIME, 60)
    try number(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    try number(CURLOPT_SSL_VERIFYPEER, 1)
    try number(CURLOPT_SSL_VERIFYHOST, 2)
    if let roots = job.rootsFile { try text(CURLOPT_CAINFO, roots) }
    if let hosts = job.knownHostsFile { try text(CURLOPT_SSH_KNOWNHOSTS, hosts) }
  }

  deinit {
    curl_easy_cleanup(handle)
    message.deallocate()
  }

  func text(_ option: CURLoption, _ value: String) throws(TransferFailure) {
    try check(ccurl_set_text(handle, option, value))
  }

  func number(_ option: CURLoption, _ value: Int) throws(TransferFailure) {
    try check(ccurl_set_number(handle, option, value))
  }

  func large(_ option: CURLoption, _ value: Int64) throws(TransferFailure) {
    try check(ccurl_set_large(handle, option, curl_off_t(value)))
  }

  private func check(_ result: CURLcode) throws(TransferFailure) {
    guard result == CURLE_OK else {
      throw TransferFailure(.internal, "libcurl lacks an option: \(String(cString: curl_easy_strerror(result)))")
    }
  }

  var responseCode: Int {
    var code = 0
    ccurl_response_code(handle, &code)
    return code
  }

  /// libcurl's own words for the last failure.
  func failure(_ result: CURLcode) -> TransferFailure {
    let words = String(cString: message)
    return TransferFailure(
      curl: result, responseCode: responseCode,
      detail: words.isEmpty ? String(cString: curl_easy_strerror(result)) : words)
  }
}
