import OCPPPorts
import OCPPSecurity

/// The TLS context for a dial: the unit's own root certificates, or the system's.
struct TLSContexts {
  var rootFile: String?

  func context(for target: LinkTarget) throws -> TLSContext {
    try TLSContext(roots: rootFile.map { .file($0) } ?? .system)
  }
}
