internal import AudioLibrary
import Foundation
internal import Logging
internal import MusicOnHold
internal import Primitives
internal import UnixSignals
internal import UserAgent

/// `intermezzo serve`: from the configuration file to the last BYE.
package enum Serve {
    /// Runs until SIGTERM or SIGINT. SIGHUP reads the file again: with faults nothing changes.
    ///
    /// Throws ``ConfigurationFaults`` when it can't begin for the file's sake, or what keeps a part
    /// from starting.
    /// - Parameter greets: prints what to dial, for `make run`.
    package static func run(file: String, greets: Bool) async throws {
        let configuration = try Configuration(contentsOf: file)
        let logger = logger(configuration)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let appliance = try Appliance(configuration, logger: logger)
        try await appliance.start()
        logger.notice("ready")
        if greets { print(greeting(configuration)) }
        for await signal in signals {
            guard signal == .sighup else {
                logger.notice("ends on \(signal)")
                break
            }
            reload(appliance, file, logger)
        }
        await appliance.stop()
        logger.notice("ended")
    }

    private static func reload(_ appliance: Appliance, _ file: String, _ logger: Logger) {
        do throws(ConfigurationFaults) {
            let changed = try Configuration(contentsOf: file)
            let unapplied = appliance.apply(changed)
            for warning in changed.warnings { logger.warning("\(warning)") }
            logger.notice("configuration applied")
            for key in unapplied { logger.warning("'\(key)' takes effect at the next start") }
        } catch {
            for fault in error.faults { logger.error("\(fault)") }
            logger.error("the configuration has faults: the old one stays in force")
        }
    }

    private static func logger(_ configuration: Configuration) -> Logger {
        let style: LineLogHandler.Style =
            switch configuration.logFormat {
            case .text: .text
            case .json: .json
            case .journald: .journald
            case .auto:
                if ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil {
                    .journald
                } else {
                    isatty(STDERR_FILENO) == 1 ? .text : .json
                }
            }
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        return Logger(label: "intermezzo") {
            LineLogHandler(label: $0, style: style, level: level)
        }
    }

    private static func greeting(_ configuration: Configuration) -> String {
        let listen = configuration.sip.listen.first?.endpoint
        let host = (listen?.address ?? configuration.node.address).hostText
        let port = listen.map { $0.port == 5060 ? "" : ":\($0.port)" } ?? ""
        var lines = [
            "", "Intermezzo is ready.", "  music on hold   sip:moh@\(host)\(port)",
        ]
        for name in configuration.music.classes.keys.sorted() where name != "default" {
            lines.append("  class \(name)      sip:moh-\(name)@\(host)\(port)")
        }
        lines.append("  voicemail       sip:vm-USER@\(host)\(port), after intermezzo users add USER")
        lines.append(
            "  its mail        "
                + (configuration.mail.maildir.map { "\($0)/USER/" } ?? "by mail.relays"))
        lines.append("  without a phone intermezzo call sip:moh@\(host)\(port)")
        lines.append("  music files     \(configuration.audio.mediaDirectory)/CLASS/")
        if let admin = configuration.admin {
            lines.append("  status          http://\(admin)/healthz")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
