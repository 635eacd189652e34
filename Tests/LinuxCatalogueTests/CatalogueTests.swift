import HALLinux
import LinuxCatalogue
import Testing

@Suite("Linux catalogue")
struct CatalogueTests {
  @Test("Every driver that is described has a name of its own among its kind")
  func names() {
    let names = LinuxDrivers.all.map { "\($0.kind) \($0.name)" }
    #expect(Set(names).count == names.count)
    _ = LinuxCatalogue.make()
  }
}
