// swift-tools-version: 6.2
import PackageDescription

// The layers and what each may import are stated here once; scripts/check-imports compares the sources with it.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A library or executable of ours under Sources/.
func ours(_ name: String, _ dependencies: [Target.Dependency] = [], linking libraries: [String] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, swiftSettings: strict, linkerSettings: libraries.map { .linkedLibrary($0) })
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let ordered = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")

let products: [String] = [
  "ChargerBase", "HAL", "EVSEControl", "OCPPTypes", "OCPPPorts", "OCPPCore", "Station", "BoardProfile",
  "ChargerRuntime", "HALLinux", "HALSimulated", "LinuxCatalogue",
]

let package = Package(
  name: "charger",
  products: products.map { .library(name: $0, targets: [$0]) },
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // System libraries: one thin C target each.
    .systemLibrary(name: "CLinux"),
    // Its headers alone: the station loads the library when it first needs it (COpenSSLLate), others link it.
    .systemLibrary(name: "COpenSSL"),
    .target(name: "COpenSSLLate"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CGPIOD", pkgConfig: "libgpiod", providers: [.apt(["libgpiod-dev"])]),
    .systemLibrary(name: "CModbus", pkgConfig: "libmodbus", providers: [.apt(["libmodbus-dev"])]),
    .systemLibrary(name: "CPCSCLite", pkgConfig: "libpcsclite", providers: [.apt(["libpcsclite-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

    // Counts allocations; replaces malloc in the program that links it, so nothing but the benchmark does.
    .target(name: "CAllocationCounter"),

    // Pure modules: no C target, no NIO, no Foundation, no clock.
    ours("ChargerBase", [deque, ordered]),
    ours("HAL", ["ChargerBase"]),
    ours("EVSEControl", ["ChargerBase", "HAL"]),
    // Random stations and vehicles that hold the sharing of a supply against its rules: for tests and charger-explore.
    ours("AllocatorProperties", ["ChargerBase", "HAL", "EVSEControl"]),
    ours("OCPPJSON", ["ChargerBase"]),
    ours("OCPPTypes", ["ChargerBase", "OCPPJSON"]),
    ours("OCPPPorts", ["ChargerBase", "OCPPTypes"]),
    ours("OCPPCore", ["ChargerBase", "OCPPJSON", "OCPPTypes", "OCPPPorts", deque, ordered]),
    ours("Station", ["ChargerBase", "HAL", "EVSEControl", "OCPPCore", "OCPPTypes", deque, ordered]),

    // Adapters to the outside.
    ours("OCPPStorage", ["ChargerBase", "OCPPPorts", "CSQLite", "CLinux"]),
    ours("OCPPSecurity", ["ChargerBase", "OCPPPorts", "COpenSSL", "COpenSSLLate", "CLinux", nioCore]),
    ours(
      "OCPPTransport",
      ["ChargerBase", "OCPPTypes", "OCPPPorts", "OCPPSecurity", nioCore, nioPosix, nioHTTP1, nioWebSocket]),
    ours("HALLinux", ["ChargerBase", "HAL", "OCPPJSON", "CLinux", "CGPIOD", "CModbus", "CPCSCLite"]),
    // Under which names, and with which options, board profiles find the drivers of HALLinux.
    ours("LinuxCatalogue", ["ChargerBase", "HAL", "HALLinux", "BoardProfile", "CLinux"]),
    // The far ends of the wires that HALLinux drives: a Modbus slave, a pilot microcontroller, a card. For bench and tests.
    ours("SimulatedPeripherals", ["ChargerBase", "CLinux"]),
    ours("SimulatedWorld", ["ChargerBase", "OCPPJSON"]),
    ours("HALSimulated", ["ChargerBase", "HAL", "SimulatedWorld", "OCPPJSON", "JSONRPC", "CLinux"]),
    ours(
      "WorldServer",
      [
        "ChargerBase", "OCPPJSON", "SimulatedWorld", "SimulatedPeripherals", "JSONRPC", "CLinux", "COpenSSL", nioCore,
        nioPosix,
      ],
      linking: ["ssl", "crypto"]),
    ours("BoardProfile", ["ChargerBase", "HAL", "EVSEControl", "OCPPJSON", "OCPPTypes"]),
    ours("JSONRPC", ["ChargerBase", "OCPPJSON", "CLinux", nioCore, nioPosix]),
    ours(
      "ChargerRuntime",
      [
        "ChargerBase", "HAL", "EVSEControl", "OCPPJSON", "OCPPTypes", "OCPPPorts", "OCPPCore", "Station",
        "BoardProfile", "OCPPStorage", "OCPPTransport", "OCPPSecurity", "JSONRPC", "CLinux", nioCore, nioPosix,
        logging,
      ]),

    // Programs.
    program("chargerd", ["ChargerRuntime", "LinuxCatalogue"]),
    program(
      "chargerd-bench", ["ChargerRuntime", "HALSimulated", "BoardProfile", "ChargerBase", "JSONRPC", "OCPPJSON"]),
    program(
      "bench-world",
      ["ChargerBase", "SimulatedWorld", "WorldServer", "BoardProfile", "CLinux", nioPosix, arguments]),
    program(
      "bench-csms",
      [
        "ChargerBase", "OCPPJSON", "OCPPTypes", "JSONRPC", "CLinux", nioCore, nioPosix, nioHTTP1, nioWebSocket,
        arguments,
      ]),
    program("chargerctl", ["BoardProfile", "EVSEControl", "ChargerBase", "OCPPJSON", "JSONRPC", "CLinux", arguments]),
    program(
      "charger-benchmark",
      [
        "ChargerBase", "OCPPJSON", "OCPPTypes", "EVSEControl", "HAL", "HALSimulated", "HALLinux", "SimulatedWorld",
        "SimulatedPeripherals",
        "ChargerRuntime", "BoardProfile", "JSONRPC", "CLinux", "CAllocationCounter", "OCPPPorts", "OCPPCore",
        "OCPPStorage", "OCPPTransport", nioCore, nioPosix, nioHTTP1, nioWebSocket, arguments,
      ]),
    program("charger-explore", ["AllocatorProperties", "EVSEControl", "HAL", "ChargerBase", arguments]),
    program("charger-transfer", ["ChargerBase", "CCurl", "CLinux"]),

    // Test support: the simulated CSMS, link and store that drive the engine in process on the simulated clock.
    .target(
      name: "SimulationSupport",
      dependencies: [
        "ChargerBase", "HAL", "EVSEControl", "OCPPJSON", "OCPPTypes", "OCPPPorts", "OCPPCore", "Station",
        "BoardProfile", "SimulatedWorld", "HALSimulated", deque, ordered,
      ],
      path: "Tests/SimulationSupport", swiftSettings: strict),

    // Random stories on the whole station, judged by a second model of who pays for what (scripts/stories).
    .target(
      name: "StoryJudge",
      dependencies: [
        "SimulationSupport", "SimulatedWorld", "ChargerBase", "EVSEControl", "OCPPJSON", "OCPPTypes", "OCPPPorts",
        "OCPPCore", "BoardProfile",
      ],
      path: "Tests/StoryJudge", swiftSettings: strict),
    .executableTarget(
      name: "charger-stories", dependencies: ["StoryJudge", arguments], path: "Tests/charger-stories",
      swiftSettings: strict),

    // Test support: every message of the standard, right and wrong, from Tests/Resources/OCPPMessages.
    .target(
      name: "MessageSamples", dependencies: ["OCPPTypes", "OCPPJSON"], path: "Tests/MessageSamples",
      swiftSettings: strict),

    // Test support: a directory of a test's own, gone after it.
    .target(name: "TemporaryDirectories", path: "Tests/TemporaryDirectories", swiftSettings: strict),

    // Test support: the HAL's conformance suites, for every implementation that brings a rig.
    .target(
      name: "HALConformance", dependencies: ["HAL", "ChargerBase"], path: "Tests/HALConformance", swiftSettings: strict),

    // How long a meter's reading takes, on a pseudo terminal; part of the stage hardware.
    .executableTarget(
      name: "modbus-latency", dependencies: ["HALLinux", "SimulatedPeripherals", "HAL", "ChargerBase", "CLinux"],
      path: "Tests/modbus-latency", swiftSettings: strict),

    // Test support: certificates made at test time and the server's side of TLS.
    .target(
      name: "TLSTestSupport", dependencies: ["COpenSSL"], path: "Tests/TLSTestSupport", swiftSettings: strict,
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),

    tests("ChargerBaseTests", ["ChargerBase"]),
    tests(
      "HALTests",
      ["HALConformance", "HAL", "HALSimulated", "SimulatedWorld", "WorldServer", "ChargerBase", nioPosix]),
    tests("EVSEControlTests", ["EVSEControl", "AllocatorProperties", "HAL", "ChargerBase"]),
    tests("OCPPJSONTests", ["OCPPJSON", "ChargerBase"]),
    tests("OCPPTypesTests", ["MessageSamples", "OCPPTypes", "OCPPJSON", "ChargerBase"]),
    tests(
      "OCPPCoreTests",
      ["OCPPCore", "OCPPPorts", "OCPPTypes", "OCPPJSON", "ChargerBase", "SimulationSupport"]),
    tests("StationTests", ["Station", "EVSEControl", "OCPPCore", "ChargerBase"]),
    tests(
      "OCPPStorageTests", ["OCPPStorage", "OCPPPorts", "OCPPTypes", "CSQLite", "TemporaryDirectories", "ChargerBase"]),
    tests("OCPPSecurityTests", ["OCPPSecurity", "TLSTestSupport", "COpenSSL", "OCPPPorts", nioCore, nioEmbedded]),
    tests(
      "OCPPTransportTests",
      [
        "OCPPTransport", "OCPPSecurity", "TLSTestSupport", "OCPPPorts", "OCPPTypes", "COpenSSL", "ChargerBase",
        nioCore, nioPosix, nioHTTP1, nioWebSocket,
      ]),
    tests(
      "HALLinuxTests",
      ["HALLinux", "HALConformance", "HAL", "EVSEControl", "SimulatedPeripherals", "ChargerBase", "CGPIOD", "CLinux"]),
    tests(
      "LinuxCatalogueTests",
      [
        "LinuxCatalogue", "HALLinux", "HAL", "BoardProfile", "SimulatedPeripherals", "TemporaryDirectories",
        "ChargerBase", "CLinux",
      ]),
    tests("SimulatedPeripheralsTests", ["SimulatedPeripherals", "ChargerBase", "CLinux"]),
    tests("SimulatedWorldTests", ["SimulatedWorld", "ChargerBase", "OCPPJSON"]),
    tests(
      "HALSimulatedTests",
      [
        "HALSimulated", "SimulatedWorld", "WorldServer", "HAL", "JSONRPC", "TemporaryDirectories", "ChargerBase",
        "OCPPJSON", nioCore, nioPosix,
      ]),
    tests("BoardProfileTests", ["BoardProfile", "EVSEControl", "HAL", "OCPPJSON", "OCPPTypes", "ChargerBase"]),
    tests("JSONRPCTests", ["JSONRPC", "OCPPJSON", "ChargerBase", nioCore, nioPosix]),
    tests(
      "ChargerRuntimeTests",
      [
        "ChargerRuntime", "EVSEControl", "HAL", "ChargerBase", "JSONRPC", "OCPPJSON", "BoardProfile",
        "TemporaryDirectories", "CLinux",
      ]),
    tests(
      "ProgramTests",
      [
        "bench-csms", "chargerctl", "CCurl", "TLSTestSupport", "TemporaryDirectories", "JSONRPC", "OCPPJSON",
        "OCPPTypes", "ChargerBase", "CLinux", nioCore, nioPosix, arguments,
      ]),
    tests(
      "Conformance",
      ["SimulationSupport", "MessageSamples", "OCPPCore", "OCPPTypes", "OCPPPorts", "OCPPJSON", "ChargerBase"]),
    tests(
      "Simulation",
      [
        "SimulationSupport", "OCPPCore", "OCPPTypes", "OCPPPorts", "OCPPJSON", "ChargerBase", "SimulatedWorld",
        "EVSEControl", "Station", "BoardProfile", "ChargerRuntime",
      ]),
    tests("StoryJudgeTests", ["StoryJudge"]),
    // Beside it: what scripts/hardware runs in the guest and against the real daemons.
    .testTarget(
      name: "Hardware", dependencies: ["CGPIOD", "CModbus", "CPCSCLite"], path: "Tests/Hardware/CLibraries",
      swiftSettings: strict),
    // The card reader's driver on the real pcscd with vpcd's cards (Tests/Hardware/run_smartcard.py).
    .executableTarget(
      name: "smartcard-check",
      dependencies: ["HALLinux", "HAL", "HALConformance", "SimulatedPeripherals", "ChargerBase", "CLinux"],
      path: "Tests/smartcard-check", swiftSettings: strict),
    // The GPIO drivers on the kernel's own simulated lines (scripts/hardware, in its guest); counts allocations.
    .executableTarget(
      name: "gpio-check",
      dependencies: ["HALLinux", "HAL", "HALConformance", "ChargerBase", "CLinux", "CAllocationCounter"],
      path: "Tests/gpio-check", swiftSettings: strict),
  ]
)
