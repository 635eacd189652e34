import BoardProfile
import CLinux
import ChargerBase
import Glibc
import Logging

/// The daemon as a library: everything from the command line to the exit code.
public enum ChargerDaemon {
  /// Runs until SIGTERM or SIGINT; gives back the exit code (`ExitCode`).
  public static func run(_ program: DaemonProgram, arguments rawArguments: [String]) -> Int32 {
    let arguments: DaemonArguments
    do throws(UsageError) {
      arguments = try DaemonArguments.parse(rawArguments, extraOptions: program.extraOptions)
    } catch {
      tell("\(program.name): \(error.message)\nTry '\(program.name) --help'.")
      return ExitCode.usage
    }
    if arguments.showHelp {
      print(DaemonArguments.help(program: program.name, extraOptions: program.extraOptions))
      return ExitCode.success
    }
    if arguments.showVersion {
      print("\(program.name) \(program.version)")
      return ExitCode.success
    }
    // Blocked before any thread exists, so that every thread inherits it and only `StopSignals` takes them.
    StopSignals.block()
    linux_keep_little_memory()
    let loaded: LoadedFiles
    do throws(FilesError) {
      loaded = try StationFilesLoading.load(arguments)
    } catch {
      tell(error.text)
      return ExitCode.badProfile
    }
    let surroundings: DaemonSurroundings
    do {
      surroundings = try program.makeSurroundings(arguments)
      if arguments.checkOnly {
        try loaded.files.board.checkDrivers(catalogue: surroundings.catalogue)
        let count = loaded.files.board.evses.count
        print("\(arguments.board): good (\(loaded.files.board.name), \(count) EVSE\(count == 1 ? "" : "s"))")
        return ExitCode.success
      }
      let level = arguments.logLevel
      // Who asks for more than the ordinary lines is looking.
      if level < .info { DaemonLog.shared.liftBudget() }
      LoggingSystem.bootstrap { DaemonLogHandler(label: $0, level: level) }
      if arguments.testsHardware {
        return try HardwareTestStation(
          program: program, arguments: arguments, files: loaded.files, surroundings: surroundings
        ).runUntilStopped()
      }
      let running = try RunningStation(
        program: program, arguments: arguments, files: loaded, surroundings: surroundings)
      return running.runUntilStopped(rawArguments: rawArguments)
    } catch let error as UsageError {
      tell("\(program.name): \(error.message)")
      return ExitCode.usage
    } catch let error as ProfileProblems {
      tell(error.description)
      return ExitCode.badProfile
    } catch {
      tell("\(program.name): \(error)")
      return ExitCode.internal
    }
  }

  static func tell(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { linux_write_stderr($0.baseAddress, $0.count) }
    }
  }
}

/// SIGTERM and SIGINT, taken by the main thread alone.
enum StopSignals {
  static func block() {
    var signals = set()
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits for one of them, or for `wake`.
  static func wait() -> Int32 {
    var signals = set()
    var received: Int32 = 0
    while sigwait(&signals, &received) != 0 {}
    return received
  }

  /// Ends `wait` from another thread: SIGUSR2 is sent to the process itself.
  static func wake() { kill(getpid(), SIGUSR2) }

  private static func set() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGUSR2)
    return signals
  }
}
