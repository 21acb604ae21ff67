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
    targets: [
        .target(name: "Primitives", path: "Library/Primitives", swiftSettings: library),
        .target(
            name: "SIP", dependencies: ["Primitives"], path: "Library/SIP", swiftSettings: library),

        // SIP messages: parse and serialise, against libosip2 and libre.
        .executableTarget(
            name: "sip-parse", dependencies: ["SIP"], path: "SIPParse/swift", swiftSettings: library),
        .systemLibrary(name: "CLibosip2", path: "SIPParse/CLibosip2", pkgConfig: "libosip2"),
        .executableTarget(
            name: "sip-parse-osip2", dependencies: ["CLibosip2"], path: "SIPParse/osip2"),
        .systemLibrary(name: "CLibre", path: "SIPParse/CLibre", pkgConfig: "libre"),
        .executableTarget(name: "sip-parse-re", dependencies: ["CLibre"], path: "SIPParse/re"),

        // SIP transactions, few and many at once.
        .executableTarget(
            name: "sip-transactions", dependencies: ["Primitives", "SIP"],
            path: "SIPTransactions/swift", swiftSettings: library),
    ]
)
