extension DriverOptions {
  /// The profile's file as the caller named it; other files that it names lie beside it.
  public var profileFile: String { collector.source.fileName }

  /// The top of another file that belongs to this driver, read like a profile: what is wrong in it is told under its own
  /// name. Nil, with a problem, when it is no JSON. Whoever reads it checks its keys by `ProfileObject`.
  package func document(_ bytes: [UInt8], fileName: String) -> ProfileField? {
    ProfileField(
      parsing: bytes, collector: collector.attach(ProfileSource(fileName: fileName, bytes: bytes)))
  }
}
