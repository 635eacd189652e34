import CLinux
import Glibc
import OCPPPorts

extension StoreFailure {
  init(_ error: SQLiteError) {
    let isOutOfSpace = [ENOSPC, EDQUOT, EFBIG].contains(error.systemError)
    let kind: Kind =
      switch error.code.primary {
      case .full: .full
      case .readOnly, .permission: .readOnly
      case .corrupt, .notADatabase: .corrupt
      case .inputOutput: isOutOfSpace ? .full : .inputOutput
      case .cannotOpen: [EROFS, EACCES, EPERM].contains(error.systemError) ? .readOnly : isOutOfSpace ? .full : .other
      default: .other
      }
    self.init(kind, detail: error.description)
  }

  /// A system call on a file of the store failed.
  init(errno code: Int32, doing what: String) {
    let kind: Kind =
      switch code {
      case ENOSPC, EDQUOT: .full
      case EROFS, EACCES, EPERM: .readOnly
      case EIO: .inputOutput
      default: .other
      }
    self.init(kind, detail: "\(what): \(String(cString: strerror(code)))")
  }
}
