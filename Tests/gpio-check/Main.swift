import CLinux
import Glibc
import HALConformance
import HALLinux

/// The GPIO drivers on the kernel's own lines: the obligation suites of the HAL, and what only a kernel can show. Needs
/// root and gpio-sim, makes its own chips and takes them away. Exit 0 good, 1 something is not kept, 69 cannot run here.
@main
enum Main {
  static func main() {
    guard SimulatedChip.isThere else {
      let reason = "gpio-check: SKIPPED: no gpio-sim in /sys/kernel/config, or no right to use it\n"
      linux_write_stderr(reason, reason.utf8.count)
      exit(69)
    }
    do {
      exit(try run() == 0 ? 0 : 1)
    } catch {
      print("not kept: \(error)")
      exit(1)
    }
  }

  private static func run() throws -> Int {
    let chip = try SimulatedChip(label: "gpio-check-a", lines: KernelRig.lines + ["coil-of-two"])
    let other = try SimulatedChip(label: "gpio-check-b", lines: ["coil-of-two"])
    var passed = 0
    var failed = 0
    func check(_ title: String, _ body: () throws -> String?) {
      do {
        let said = try body()
        passed += 1
        print("kept: \(title)\(said.map { " (\($0))" } ?? "")")
      } catch {
        failed += 1
        print("NOT KEPT: \(title): \(error)")
      }
      fflush(nil)
    }
    func suite<Rig>(_ checks: [ConformanceCheck<Rig>], _ rig: (KernelRig) -> Rig) {
      for conformance in checks {
        check(conformance.description) {
          try conformance.run(rig(KernelRig(chip)))
          return nil
        }
      }
    }
    for line in LineChecks.all(chip, other) { check(line.title, line.run) }
    suite(ContactorSuite.checks) { $0 }
    suite(ConnectorLockSuite.checks) { $0 }
    suite(ResidualCurrentMonitorSuite.checks) { $0 }
    suite(SafetyInputSuite.checks) { $0 }
    suite(PhaseSwitchSuite.checks) { $0 }
    for kind in KernelRig.kinds {
      for conformance in ControlLaneSuite.checks {
        check("\(kind), \(conformance.description)") {
          try conformance.run((rig: KernelRig(chip), kind: kind))
          return nil
        }
      }
    }
    print("\(passed) passed, \(failed) failed")
    return failed
  }
}
