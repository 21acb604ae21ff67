// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for libFuzzer: `scripts/fuzz` builds and runs them. To add one, write
// Targets/FILE.swift like those that are there, add it to `files` and a `fuzzer` line, and put inputs to
// start from into Corpus/NAME or say in scripts/fuzz where they are.
//
// `Library` and `Checks` are links to the sources and tests of the appliance, for the same reason as
// in Benchmarks: `package` declarations are used from within one package.

let instrumented: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Coverage that leads the fuzzer.
    .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]

/// All of Targets: a program leaves out the others.
let files = ["SIPMessage", "SIPStream", "Session", "RTCP", "RTPStream", "AudioFileOctets"]

/// The program of Targets/FILE.swift.
func fuzzer(_ name: String, _ file: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["Fuzzer"], path: "Targets",
        exclude: files.filter { $0 != file }.map { "\($0).swift" },
        swiftSettings: instrumented,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
}

let package = Package(
    name: "Fuzz",
    targets: [
        .systemLibrary(name: "CIDN", path: "Library/CIDN", pkgConfig: "libidn2"),
        .target(
            name: "Primitives", dependencies: ["CIDN"], path: "Library/Primitives",
            swiftSettings: instrumented),
        .target(
            name: "SIP", dependencies: ["Primitives"], path: "Library/SIP",
            swiftSettings: instrumented),
        .target(
            name: "SDP", dependencies: ["Primitives"], path: "Library/SDP",
            swiftSettings: instrumented),
        .target(
            name: "RTP", dependencies: ["Primitives"], path: "Library/RTP",
            swiftSettings: instrumented),
        .target(name: "CLinux", path: "Library/CLinux"),
        .systemLibrary(name: "CSndfile", path: "Library/CSndfile", pkgConfig: "sndfile"),
        // What opens and reads files; the rest of the target needs more libraries.
        .target(
            name: "AudioLibrary", dependencies: ["CLinux", "CSndfile"],
            path: "Library/AudioLibrary",
            sources: ["Descriptor.swift", "SystemError.swift"]
                + ["AudioFile", "AudioFileFuzzing", "PCMSource", "PreparationError", "WaveLayout"]
                .map { "Preparation/\($0).swift" },
            swiftSettings: instrumented),
        .target(name: "Fuzzer", path: "Driver", swiftSettings: instrumented),

        // What must hold for any octets: shared with the seeded runs of `make test`.
        .target(
            name: "SIPExercise", dependencies: ["Primitives", "SIP"],
            path: "Checks/SIPTests/Message/Exercise",
            swiftSettings: instrumented),

        .target(
            name: "SDPExercise", dependencies: ["Primitives", "SDP"],
            path: "Checks/SDPTests/Exercise", swiftSettings: instrumented),
        .target(
            name: "RTPExercise", dependencies: ["Primitives", "RTP"],
            path: "Checks/RTPTests/Exercise", swiftSettings: instrumented),

        fuzzer("sip-message", "SIPMessage", ["SIPExercise"]),
        fuzzer("sip-stream", "SIPStream", ["SIPExercise"]),
        fuzzer("session", "Session", ["SDPExercise"]),
        fuzzer("rtcp", "RTCP", ["RTPExercise"]),
        fuzzer("rtp-stream", "RTPStream", ["RTPExercise"]),
        fuzzer("audio-file", "AudioFileOctets", ["AudioLibrary"]),
    ]
)
