import CCurl

/// Why a transfer did not happen: an exit code for the caller and one line for people. No text holds the URL, which may
/// carry a password.
struct TransferFailure: Error {
  enum Code: Int32 {
    case usage = 64
    case tooLarge = 65
    case cannotRead = 66
    case notReached = 69
    case `internal` = 70
    case cannotWrite = 73
    case brokenOff = 75
    case refused = 76
    case notAuthorized = 77
    case notTrusted = 78
  }

  var code: Code
  var detail: String

  init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  static func usage(_ detail: String) -> TransferFailure { TransferFailure(.usage, detail) }

  /// What libcurl's result means to the caller.
  init(curl result: CURLcode, responseCode: Int, detail: String) {
    switch result {
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT:
      self.init(.usage, detail)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
      self.init(.notReached, detail)
    case CURLE_LOGIN_DENIED, CURLE_REMOTE_ACCESS_DENIED:
      self.init(.notAuthorized, detail)
    case CURLE_HTTP_RETURNED_ERROR:
      self.init(responseCode == 401 || responseCode == 403 ? .notAuthorized : .refused, "HTTP \(responseCode)")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_USE_SSL_FAILED:
      self.init(.notTrusted, detail)
    case CURLE_FILESIZE_EXCEEDED:
      self.init(.tooLarge, "the file is larger than allowed")
    case CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING,
      CURLE_FTP_ACCEPT_TIMEOUT:
      self.init(.brokenOff, detail)
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_BAD_FUNCTION_ARGUMENT:
      self.init(.internal, detail)
    default:
      self.init(.refused, detail)
    }
  }
}
