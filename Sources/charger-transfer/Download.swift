import CCurl
import CLinux

/// Fetches into FILE.part, from where an earlier run stopped, and renames it when it is whole.
///
/// Only the caller knows whether an earlier part was of the same file: it uses a FILE of its own for each.
final class Download {
  private let job: TransferJob
  private let partPath: String
  private let descriptor: Int32
  private var written: Int64 = 0
  /// Set by the data function, which cannot throw.
  private var localFailure: TransferFailure?

  init(_ job: TransferJob) throws(TransferFailure) {
    self.job = job
    partPath = job.file + ".part"
    descriptor = linux_open(partPath, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.cannotWrite("opening") }
  }

  deinit { close(descriptor) }

  func run() throws(TransferFailure) {
    let held = Int64(lseek(descriptor, 0, SEEK_END))
    guard held >= 0 else { throw Self.cannotWrite("seeking") }
    do {
      try fetch(from: held)
    } catch {
      // A server that cannot go on, or whose file is not longer than what we hold: begin anew, once.
      guard held > 0, error.code != .tooLarge, canBeginAnew else { throw error }
      try fetch(from: 0)
    }
    guard fsync(descriptor) == 0 else { throw Self.cannotWrite("writing") }
    guard rename(partPath, job.file) == 0 else { throw Self.cannotWrite("renaming") }
  }

  private var canBeginAnew = false

  private func fetch(from offset: Int64) throws(TransferFailure) {
    guard ftruncate(descriptor, off_t(offset)) == 0, lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
      throw Self.cannotWrite("truncating")
    }
    guard offset <= job.maximumBytes else { throw TransferFailure(.tooLarge, "the file is larger than allowed") }
    written = offset
    let curl = try CurlHandle(job)
    try curl.large(CURLOPT_RESUME_FROM_LARGE, offset)
    try curl.large(CURLOPT_MAXFILESIZE_LARGE, job.maximumBytes)
    ccurl_set_pointer(curl.handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(self).toOpaque())
    ccurl_set_data_function(curl.handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let download = Unmanaged<Download>.fromOpaque(context).takeUnretainedValue()
      return download.store(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }
    let result = curl_easy_perform(curl.handle)
    if let localFailure { throw localFailure }
    guard result == CURLE_OK else {
      canBeginAnew =
        result == CURLE_RANGE_ERROR || result == CURLE_FTP_COULDNT_USE_REST || result == CURLE_BAD_DOWNLOAD_RESUME
      throw curl.failure(result)
    }
    // libcurl takes "nothing beyond your offset" for a complete file; what we hold may as well be another's.
    if offset > 0, curl.responseCode == 416 {
      canBeginAnew = true
      throw TransferFailure(.refused, "HTTP 416")
    }
  }

  private func store(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard Int64(bytes.count) <= job.maximumBytes - written else {
      localFailure = TransferFailure(.tooLarge, "the file is larger than allowed")
      return false
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, linux_errno() == EINTR { continue }
      guard count > 0 else {
        localFailure = Self.cannotWrite("writing")
        return false
      }
      rest = rest.dropFirst(count)
    }
    written += Int64(bytes.count)
    return true
  }

  private static func cannotWrite(_ step: String) -> TransferFailure {
    let reason = strerror(linux_errno()).map { String(cString: $0) } ?? "unknown"
    return TransferFailure(.cannotWrite, "\(step) the file: \(reason)")
  }
}
