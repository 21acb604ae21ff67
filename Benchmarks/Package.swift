// swift-tools-version: 6.2
import PackageDescription

// `Library` is a link to the sources of the appliance: what it declares `package` can only be used from
// within one package, and of that only the targets that are measured are built.
let library: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        .systemLibrary(name: "CIDN", path: "Library/CIDN", pkgConfig: "libidn2"),
        .target(
            name: "Primitives", dependencies: ["CIDN"], path: "Library/Primitives",
            swiftSettings: library),
        .target(
            name: "SIP", dependencies: ["Primitives"], path: "Library/SIP", swiftSettings: library),

        // SIP messages: parse and serialise, against libosip2 and libre.
        .executableTarget(
            name: "sip-parse", dependencies: ["SIP"], path: "SIPParse/swift", swiftSettings: library
        ),
        .systemLibrary(name: "CLibosip2", path: "SIPParse/CLibosip2", pkgConfig: "libosip2"),
        .executableTarget(
            name: "sip-parse-osip2", dependencies: ["CLibosip2"], path: "SIPParse/osip2"),
        .systemLibrary(name: "CLibre", path: "SIPParse/CLibre", pkgConfig: "libre"),
        .executableTarget(name: "sip-parse-re", dependencies: ["CLibre"], path: "SIPParse/re"),

        // SIP transactions, few and many at once.
        .executableTarget(
            name: "sip-transactions", dependencies: ["Primitives", "SIP"],
            path: "SIPTransactions/swift", swiftSettings: library),

        // Sending RTP: the engine against the kernel's work alone, and how regular packets are.
        .target(name: "Playout", path: "Library/Playout", swiftSettings: library),
        .target(
            name: "RTP", dependencies: ["Primitives"], path: "Library/RTP", swiftSettings: library),
        .target(name: "CLinux", path: "Library/CLinux"),
        .target(
            name: "Sockets", dependencies: ["Primitives", "CLinux"], path: "Library/Sockets",
            swiftSettings: library),
        .target(
            name: "MediaEngine",
            dependencies: [
                "Primitives", "RTP", "Playout", "Sockets", "CLinux",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Library/MediaEngine", swiftSettings: library),
        .executableTarget(
            name: "send",
            dependencies: [
                "MediaEngine", "Playout", "Primitives",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Send/swift", swiftSettings: library),
        .executableTarget(name: "send-c", path: "Send/c"),
        .executableTarget(name: "send-receiver", path: "Send/receiver"),
        .executableTarget(name: "send-stalls", path: "Send/stalls"),

        // Preparing: an hour of music in every format.
        .systemLibrary(name: "CSndfile", path: "Library/CSndfile", pkgConfig: "sndfile"),
        .systemLibrary(name: "COpus", path: "Library/COpus", pkgConfig: "opus"),
        .systemLibrary(name: "CSoxr", path: "Library/CSoxr", pkgConfig: "soxr"),
        .systemLibrary(name: "CEbur128", path: "Library/CEbur128", pkgConfig: "libebur128"),
        .systemLibrary(name: "CSpandsp", path: "Library/CSpandsp", pkgConfig: "spandsp"),
        .systemLibrary(name: "CCrypto", path: "Library/CCrypto", pkgConfig: "libcrypto"),
        .target(
            name: "Codec", dependencies: ["Playout", "COpus", "CSpandsp"], path: "Library/Codec",
            swiftSettings: library),
        .target(
            name: "AudioLibrary",
            dependencies: [
                "Primitives", "Playout", "Codec", "CSndfile", "CSoxr", "CEbur128", "CCrypto",
                "CLinux", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Library/AudioLibrary", swiftSettings: library),
        .executableTarget(
            name: "prepare",
            dependencies: [
                "AudioLibrary", "Playout", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Prepare/swift", swiftSettings: library),

        // Recording: many calls at once.
        .target(
            name: "IVR",
            dependencies: [
                "Primitives", "RTP", "Playout", "Codec", "MediaEngine", "CSndfile", "CSoxr",
                "CSpandsp", "CLinux", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Library/IVR", swiftSettings: library),
        .executableTarget(
            name: "recordings",
            dependencies: [
                "IVR", "Playout", "Primitives", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Recordings/swift", swiftSettings: library),
        .executableTarget(name: "recordings-phones", path: "Recordings/c"),

        // Mails: from an envelope and a recording to what a relay is sent.
        .target(
            name: "Spool", dependencies: ["Primitives", "CLinux"], path: "Library/Spool",
            swiftSettings: library),
        .target(
            name: "Mail",
            dependencies: [
                "Primitives", "Spool", "CSndfile", "CSoxr", "CCrypto",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            path: "Library/Mail", swiftSettings: library),
        .executableTarget(
            name: "mail-render", dependencies: ["Mail", "Spool", "Primitives"], path: "Mail/swift",
            swiftSettings: library),

        // The user directory with 100,000 users.
        .target(
            name: "Directory",
            dependencies: [
                "Primitives", "CCrypto", .product(name: "Logging", package: "swift-log"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Library/Directory", swiftSettings: library),
        .executableTarget(
            name: "user-directory",
            dependencies: [
                "Directory", "Primitives", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Directory/swift", swiftSettings: library),
    ]
)
