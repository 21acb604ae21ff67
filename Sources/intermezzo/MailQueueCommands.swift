import Appliance
import ArgumentParser
import Foundation
import Primitives
import Spool

struct MailListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show messages that are not delivered, with the last failure and next attempt.",
        discussion: """
            Calls that left nothing worth a mail are shown as discarded, with the reason, until \
            voicemail.keep-discarded has passed; 'mail retry' mails one after all.
            """)

    @OptionGroup var options: ConfigurationOption
    @Option(
        help:
            "Show one state alone: \(SpoolState.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: SpoolState?
    @Option(help: "Show one user's messages alone.") var user: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let spool = try options.spool()
        let states = state.map { [$0] } ?? [.recording, .queue, .held, .failed, .discarded]
        var found: [Spool.Summary] = []
        for state in states {
            for id in try reporting({ try spool.list(state) }) {
                // It may have moved on since.
                guard let summary = try? spool.summary(id, in: state),
                    user == nil || summary.envelope.addressee.user == user
                else { continue }
                found.append(summary)
            }
        }
        guard !json else { return try printJSON(found) }
        printTable(
            ["ID", "STATE", "USER", "CALLER", "RECORDED", "NEXT ATTEMPT", "LAST FAILURE"],
            found.map { message in
                let envelope = message.envelope
                let failure = message.lastFailure.map { "\($0.step): \($0.reply)" }
                return [
                    "\(envelope.id)", message.state.rawValue, envelope.addressee.user,
                    envelope.caller.number ?? envelope.caller.uri, local(envelope.began),
                    message.state == .queue
                        ? message.delivery?.next.map(local) ?? "now" : "-",
                    failure ?? message.discarded ?? "-",
                ]
            })
    }
}

extension SpoolState: ExpressibleByArgument {}

struct MailShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one message and what became of each recipient.")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var message: MessageArgument
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let id = try message.identifier()
        let spool = try options.spool()
        let summary = try reporting { try spool.summary(id) }
        guard !json else { return try printJSON(summary) }
        let envelope = summary.envelope
        print("message     \(envelope.id), \(summary.state.rawValue)")
        print("Message-ID  \(envelope.messageID)")
        print("for         \(envelope.addressee.user)")
        let caller = envelope.caller
        print(
            "from        \([caller.displayName, caller.uri].compactMap(\.self).joined(separator: " "))"
        )
        print("recorded    \(local(envelope.began))")
        if let samples = envelope.samples {
            print("length      \(clock(Double(samples) / Double(max(1, envelope.sampleRate))))")
        }
        if let reason = summary.discarded { print("not mailed  \(reason)") }
        if let transcript = summary.transcript {
            print("transcript  \(transcript.failure ?? transcript.text ?? "no words")")
        }
        for recipient in summary.delivery?.recipients ?? [] {
            print("\(recipient.target): \(recipient.state.rawValue)")
            if let acceptance = recipient.acceptance {
                print("  \(local(acceptance.at)) \(acceptance.place): \(acceptance.reply)")
            }
            if let failure = recipient.failure {
                print(
                    "  \(local(failure.at)) \(failure.place) at \(failure.step): \(failure.reply)")
            }
            if recipient.state == .waiting {
                print("  attempts \(recipient.attempts), next \(local(recipient.next))")
            }
        }
    }
}

struct MailRetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Deliver now what waits, is held, failed or was not mailed.")

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "Messages' identifiers; none with --all.") var ids: [String] = []
    @Flag(help: "All messages of the queue.") var all = false

    func validate() throws {
        guard ids.isEmpty == all else { throw ValidationError("Name messages, or write --all.") }
    }

    func run() throws {
        let spool = try options.spool()
        let named =
            all ? try reporting { try spool.list(.queue) } : ids.compactMap(MessageIdentifier.init)
        guard all || named.count == ids.count else {
            throw ValidationError("Not each of these is a message's identifier.")
        }
        var failed = false
        for id in named {
            do throws(SpoolError) {
                try spool.retry(id, at: .now)
                Trace(spool).add(TraceEvent(.retried, id, text: "by a command"))
                print("\(id) is tried now")
            } catch {
                if case .busy = error { continue }
                if all, case .unknown = error { continue }
                if all, case .unfit = error { continue }
                standardError("\(error)")
                failed = true
            }
        }
        if failed { throw ExitCode.failure }
    }
}

struct MailHoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Keep a queued message from delivery until 'mail retry'.")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var message: MessageArgument

    func run() throws {
        let id = try message.identifier()
        let spool = try options.spool()
        try reporting { try spool.hold(id) }
        Trace(spool).add(TraceEvent(.held, id, text: "by a command"))
        print("\(id) is held")
    }
}

struct MailDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a message and its recording for good.")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var message: MessageArgument

    func run() throws {
        let id = try message.identifier()
        let spool = try options.spool()
        try reporting { try spool.delete(id) }
        Trace(spool).add(TraceEvent(.deleted, id, text: "by a command"))
        print("\(id) is deleted")
    }
}

struct MailRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End a message's link at once; the message stays.")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var message: MessageArgument

    func run() throws {
        let id = try message.identifier()
        let spool = try options.spool()
        try reporting { try spool.revokeLink(id) }
        Trace(spool).add(TraceEvent(.revoked, id, text: "by a command"))
        print("the link of \(id) leads nowhere now")
    }
}

struct MailExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a message's recording as ID.wav, and ID.json.")

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var message: MessageArgument
    @Option(help: "The directory to write to.") var output = "."

    func run() throws {
        let id = try message.identifier()
        let spool = try options.spool()
        let summary = try reporting { try spool.summary(id) }
        let path = "\(spool.path(of: id, in: summary.state))/\(Spool.audioFile)"
        let recording = try reporting { try Data(contentsOf: URL(filePath: path)) }
        guard let wave = try RecordingExport.wave(recording) else {
            standardError("\(path) is no recording")
            throw ExitCode.failure
        }
        try reporting {
            try FileManager.default.createDirectory(
                atPath: output, withIntermediateDirectories: true)
            try wave.write(to: URL(filePath: "\(output)/\(id).wav"))
            try Spool.encoded(summary).write(to: URL(filePath: "\(output)/\(id).json"))
        }
        print("\(output)/\(id).wav\n\(output)/\(id).json")
    }
}
