// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target of our own.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]
/// The targets that read what strangers send also name every unsafe construct.
let strict = settings + [.strictMemorySafety()]

/// The targets whose loops go over every sample: in a debug build, which keeps all checks, they
/// are optimised nevertheless, since tests and a first run prepare minutes of music with them.
let signal = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "intermezzo",
    products: [.executable(name: "intermezzo", targets: ["intermezzo"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Sans-I/O: bytes and instants in, bytes and actions out.
        .target(name: "Primitives", dependencies: ["CIDN"], swiftSettings: strict),
        .target(name: "SIP", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "SDP", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "RTP", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "Playout", swiftSettings: settings),

        // C libraries: a module map and the few lines of C that Swift can't say.
        .systemLibrary(
            name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
        .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
        .systemLibrary(
            name: "CEbur128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
        .systemLibrary(
            name: "CSpandsp", pkgConfig: "spandsp", providers: [.apt(["libspandsp-dev"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CIDN", pkgConfig: "libidn2", providers: [.apt(["libidn2-dev"])]),
        .target(name: "CLinux"),
        .target(name: "Sockets", dependencies: ["Primitives", "CLinux"], swiftSettings: settings),

        // Audio and media.
        .target(
            name: "Codec", dependencies: ["Playout", "COpus", "CSpandsp"],
            swiftSettings: signal),
        .target(
            name: "AudioLibrary",
            dependencies: [
                "Primitives", "Playout", "Codec", "CSndfile", "CSoxr", "CEbur128", "CCrypto",
                "CLinux", log,
            ],
            swiftSettings: signal),
        .target(
            name: "MediaEngine",
            dependencies: ["Primitives", "RTP", "Playout", "Sockets", "CLinux", log],
            swiftSettings: settings),

        .target(
            name: "IVR",
            dependencies: [
                "Primitives", "RTP", "Playout", "Codec", "MediaEngine", "CSndfile", "CSoxr",
                "CSpandsp", "CLinux", log,
            ], swiftSettings: signal),

        // Messages and their mail; users.
        .target(name: "Spool", dependencies: ["Primitives", "CLinux"], swiftSettings: settings),
        .target(
            name: "Mail",
            dependencies: [
                "Primitives", "Spool", "CSndfile", "CSoxr", "CCrypto",
                .product(name: "Mustache", package: "swift-mustache"),
            ], swiftSettings: signal),
        .target(
            name: "Mailer",
            dependencies: ["Primitives", "Spool", "Mail", "CCurl", "CCrypto", "CLinux", log],
            swiftSettings: settings),
        .target(
            name: "Directory",
            dependencies: [
                "Primitives", "CCrypto", log, .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: settings),

        // Signalling and the applications.
        .target(
            name: "MediaNegotiation", dependencies: ["Primitives", "SIP", "SDP", "Playout"],
            swiftSettings: settings),
        .target(
            name: "UserAgent",
            dependencies: ["Primitives", "SIP", "Sockets", "CLinux", "CCrypto", log] + nio,
            swiftSettings: settings),
        .target(
            name: "MusicOnHold",
            dependencies: [
                "Primitives", "SIP", "SDP", "RTP", "Playout", "Codec", "AudioLibrary",
                "MediaEngine", "MediaNegotiation", "UserAgent", "Directory", log,
            ], swiftSettings: settings),
        .target(
            name: "Voicemail",
            dependencies: [
                "Primitives", "SIP", "SDP", "Playout", "MediaNegotiation", "IVR", "Spool",
                "Directory", "UserAgent", log,
            ] + nio, swiftSettings: settings),
        .target(
            name: "Softphone",
            dependencies: [
                "Primitives", "SIP", "SDP", "RTP", "Playout", "Codec", "MediaEngine", "UserAgent",
                "CSndfile", "CSoxr", log,
            ] + nio,
            swiftSettings: settings),
        .target(
            name: "Appliance",
            dependencies: [
                "Primitives", "SIP", "SDP", "RTP", "Playout", "Codec", "AudioLibrary",
                "MediaEngine", "MediaNegotiation", "UserAgent", "MusicOnHold", "Voicemail", "IVR",
                "Spool", "Mail", "Mailer", "Directory", "Yams", log,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + nio, swiftSettings: settings),
        .executableTarget(
            name: "intermezzo",
            dependencies: [
                "Appliance", "Softphone", "Primitives", "SIP", "MusicOnHold", "Directory", "Spool",
                "Mail", "Mailer", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ] + nio, swiftSettings: settings),

        .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"], swiftSettings: settings),
        .testTarget(
            name: "SIPTests", dependencies: ["SIP", "Primitives", "CCrypto"],
            resources: [.copy("Vectors")],
            swiftSettings: settings),
        .testTarget(
            name: "SDPTests", dependencies: ["SDP", "Primitives"], swiftSettings: settings),
        .testTarget(
            name: "RTPTests", dependencies: ["RTP", "Primitives"], swiftSettings: settings),
        .testTarget(name: "PlayoutTests", dependencies: ["Playout"], swiftSettings: settings),
        .testTarget(
            name: "CodecTests", dependencies: ["Codec", "Playout"], swiftSettings: settings),
        .testTarget(
            name: "AudioLibraryTests",
            dependencies: ["AudioLibrary", "Codec", "Playout", "Primitives"],
            swiftSettings: settings),
        .testTarget(
            name: "MediaEngineTests",
            dependencies: [
                "MediaEngine", "Playout", "RTP", "Primitives", "Sockets", "CLinux", log,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "UserAgentTests",
            dependencies: ["UserAgent", "SIP", "Sockets", "Primitives"] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "MediaNegotiationTests", dependencies: ["MediaNegotiation", "Primitives"],
            swiftSettings: settings),
        .testTarget(
            name: "MusicOnHoldTests",
            dependencies: ["MusicOnHold", "Playout", "Primitives", "SIP"],
            swiftSettings: settings),
        .testTarget(
            name: "IVRTests",
            dependencies: ["IVR", "RTP", "Playout", "Codec", "MediaEngine", "Primitives", log],
            swiftSettings: signal),
        .testTarget(
            name: "SpoolTests", dependencies: ["Spool", "Primitives"], swiftSettings: settings),
        .testTarget(
            name: "MailTests", dependencies: ["Mail", "Spool", "Primitives"],
            swiftSettings: settings),
        .testTarget(
            name: "MailerTests", dependencies: ["Mailer", "Mail", "Spool", "Primitives", log],
            swiftSettings: settings),
        .testTarget(
            name: "DirectoryTests",
            dependencies: [
                "Directory", "Primitives", log, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VoicemailTests",
            dependencies: ["Voicemail", "IVR", "Spool", "Directory", "SIP", "Primitives"],
            swiftSettings: settings),
        .testTarget(
            name: "SoftphoneTests",
            dependencies: ["Softphone", "UserAgent", "SIP", "Playout", "Primitives", log] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "ApplianceTests",
            dependencies: [
                "Appliance", "AudioLibrary", "MediaEngine", "MusicOnHold", "Primitives", "Spool",
                log,
            ],
            swiftSettings: settings),
    ]
)
