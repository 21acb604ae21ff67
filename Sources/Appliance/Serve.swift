internal import AudioLibrary
internal import CDispatch  // Where its header comes first, it is the module of the structures of libc.
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
        let threshold = LogThreshold(Serve.level(configuration))
        let logger = logger(configuration, threshold)
        let manager = NotifySocket(environment: ProcessInfo.processInfo.environment)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let descriptors = DescriptorLimit.raise()
        logger.info("at most \(descriptors)")
        if let alarm = descriptors.alarm(configuration) { logger.warning("\(alarm)") }
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let appliance = try Appliance(configuration, logger: logger)
        try await appliance.start()
        logger.notice("ready")
        if let manager { appliance.report(to: manager) }
        if greets {
            print(greeting(configuration))
            // Where it is a pipe or a file it would be seen at the end alone.
            fflush(nil)
        }
        let (end, first) = AsyncStream<Void>.makeStream()
        let reader = Task {
            var isEnding = false
            for await signal in signals {
                if signal == .sighup {
                    guard !isEnding else { continue }
                    manager?.reloading()
                    reload(appliance, file, threshold, logger)
                    manager?.ready(status: "configuration read again")
                } else if isEnding {
                    logger.warning("ends at once on a second \(signal)")
                    die(of: signal == .sigint ? SIGINT : SIGTERM)
                } else {
                    logger.notice("ends on \(signal)")
                    isEnding = true
                    first.finish()
                }
            }
        }
        for await _ in end {}
        manager?.stopping()
        await appliance.stop()
        reader.cancel()
        logger.notice("ended")
    }

    /// Ends the process as the signal does that nobody handles.
    private static func die(of number: Int32) {
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
    }

    private static func reload(
        _ appliance: Appliance, _ file: String, _ threshold: LogThreshold, _ logger: Logger
    ) {
        do throws(ConfigurationFaults) {
            let changed = try Configuration(contentsOf: file)
            threshold.level = level(changed)
            let unapplied = appliance.apply(changed)
            for warning in changed.warnings { logger.warning("\(warning)") }
            logger.notice("configuration applied")
            for key in unapplied { logger.warning("'\(key)' takes effect at the next start") }
        } catch {
            appliance.refuse(error)
        }
    }

    private static func level(_ configuration: Configuration) -> Logger.Level {
        Logger.Level(rawValue: configuration.logLevel) ?? .info
    }

    private static func logger(
        _ configuration: Configuration, _ threshold: LogThreshold
    ) -> Logger {
        let style: LineLogHandler.Style =
            switch configuration.logFormat {
            case .text: .text
            case .json: .json
            case .journald: .journald
            case .auto:
                if isJournalStandardError {
                    .journald
                } else {
                    isatty(STDERR_FILENO) == 1 ? .text : .json
                }
            }
        let journal = style == .journald ? DatagramSender(path: journalSocket) : nil
        return Logger(label: "intermezzo") { _ in
            LineLogHandler(style: style, threshold: threshold, journal: journal)
        }
    }

    /// Where a journal listens (systemd-journald.service(8)).
    private static let journalSocket = "/run/systemd/journal/socket"

    /// Whether standard error is the journal's stream; children of a service have the variable
    /// too (systemd.exec(5)).
    private static var isJournalStandardError: Bool {
        var status = stat()
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"],
            fstat(STDERR_FILENO, &status) == 0
        else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
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
        lines.append(
            "  voicemail       sip:vm-USER@\(host)\(port), after intermezzo users add USER")
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
