import CCurl
import CLinux

/// Sends FILE whole: PUT over HTTP, STOR over FTP.
final class Upload {
  private let job: TransferJob
  private let descriptor: Int32
  private let size: Int64

  init(_ job: TransferJob) throws(TransferFailure) {
    self.job = job
    descriptor = linux_open(job.file, O_RDONLY | O_CLOEXEC, 0)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) else {
      let reason = descriptor < 0 ? strerror(linux_errno()).map { String(cString: $0) } : nil
      if descriptor >= 0 { close(descriptor) }
      throw TransferFailure(.cannotRead, "opening the file: \(reason ?? "it is no plain file")")
    }
    size = Int64(status.st_size)
    guard size <= job.maximumBytes else {
      close(descriptor)
      throw TransferFailure(.tooLarge, "the file has \(size) bytes, \(job.maximumBytes) are allowed")
    }
  }

  deinit { close(descriptor) }

  func run() throws(TransferFailure) {
    let curl = try CurlHandle(job)
    try curl.number(CURLOPT_UPLOAD, 1)
    try curl.number(CURLOPT_FTP_CREATE_MISSING_DIRS, Int(CURLFTP_CREATE_DIR_RETRY.rawValue))
    try curl.large(CURLOPT_INFILESIZE_LARGE, size)
    ccurl_set_pointer(curl.handle, CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque())
    ccurl_set_data_function(curl.handle, CURLOPT_READFUNCTION) { target, size, count, context in
      guard let target, let context else { return Int(CURL_READFUNC_ABORT) }
      let upload = Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue()
      while true {
        let got = read(upload.descriptor, target, size * count)
        if got < 0, linux_errno() == EINTR { continue }
        return got < 0 ? Int(CURL_READFUNC_ABORT) : got
      }
    }
    // What the server answers to an upload is nobody's concern.
    ccurl_set_data_function(curl.handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
    let result = curl_easy_perform(curl.handle)
    if result == CURLE_ABORTED_BY_CALLBACK { throw TransferFailure(.cannotRead, "reading the file failed") }
    guard result == CURLE_OK else { throw curl.failure(result) }
  }
}
