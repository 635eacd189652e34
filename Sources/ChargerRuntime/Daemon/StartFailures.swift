import OCPPPorts

/// What stands on the terminal when the state directory cannot be used: the place, what is wrong, what helps.
enum StartFailures {
  static func text(of failure: StoreFailure, directory: String) -> String {
    let remedy =
      switch failure.kind {
      case .full: "Free some space on its file system."
      case .readOnly: "Give the station's user write permission, or mount the file system writable."
      case .corrupt: "Move the directory away; the station then starts anew and its queued events stay in it."
      case .inputOutput: "The storage medium reports errors: check it, and replace it if they stay."
      case .limit, .other: "See the reason above."
      }
    return "\(directory): the state directory cannot be used: \(failure.detail). \(remedy)"
  }
}
