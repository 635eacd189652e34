import CCurl
import CLinux

/// File transfers for firmware, logs and certificates, in a process of their own: libcurl in the daemon would double its
/// memory, and what comes from the network is parsed without the daemon's privileges.
@main
enum ChargerTransfer {
  static func main() {
    do throws(TransferFailure) {
      var job = try TransferJob(arguments: Array(CommandLine.arguments.dropFirst()))
      if job.url == "-" {
        job.url = readLine(strippingNewline: true) ?? ""
        try job.checkURL()
      }
      confine(job)
      guard curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK else {
        throw TransferFailure(.internal, "libcurl cannot be used")
      }
      switch job.direction {
      case .download: try Download(job).run()
      case .upload: try Upload(job).run()
      }
    } catch {
      tell("charger-transfer: \(error.detail)")
      if error.code == .usage { tell(TransferJob.usage) }
      exit(error.code.rawValue)
    }
  }

  /// Gives up what a transfer does not need. What the system does not let us give up we did not have.
  private static func confine(_ job: TransferJob) {
    umask(0o077)
    linux_ignore_signal(SIGPIPE)
    _ = linux_forbid_new_privileges()
    _ = linux_drop_capabilities()
    _ = linux_limit_file_size(UInt64(job.maximumBytes))
  }

  private static func tell(_ text: String) {
    let line = text + "\n"
    line.withCString { linux_write_stderr($0, line.utf8.count) }
  }
}
