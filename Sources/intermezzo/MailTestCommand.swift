import Appliance
import ArgumentParser
import Foundation
import Mailer
import Primitives
import Spool

struct MailTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a user a real message and wait for the relay's word.",
        discussion: """
            The message takes the way of every other, through the queue of the running appliance. \
            Ends with 0 when each recipient has it, else with 1 and the step that failed.
            """)

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "The user's name, alias or number.") var user: String
    @Option(help: "A mail address, in place of those that the directory knows.")
    var to: [String] = []
    @Option(help: "Seconds to wait.") var timeout = 60
    @Flag(help: "Print JSON.") var json = false

    private struct Result: Encodable {
        var id: MessageIdentifier
        var delivered: Bool
        var failedStep: String?
        var reason: String?
        var recipients: [DeliveryRecord.Recipient]
    }

    func run() async throws {
        let configuration = try options.load()
        let spool = try options.spool()
        let message = SampleMessage(
            addressee: try await addressee(configuration), node: configuration.node.name,
            site: configuration.site, domain: configuration.domain)
        let envelope = try reporting { try message.deposit(in: spool) }
        let result = await follow(envelope, spool)
        if json {
            try printJSON(result)
        } else {
            for recipient in result.recipients {
                guard let acceptance = recipient.acceptance else { continue }
                print("\(recipient.target) has it by \(acceptance.place): \(acceptance.reply)")
            }
            if let step = result.failedStep {
                standardError("failed at \(step): \(result.reason ?? "")")
            }
        }
        guard !result.delivered else { return }
        // A test that failed shall not arrive tomorrow.
        try? spool.delete(envelope.id)
        throw ExitCode.failure
    }

    private func addressee(_ configuration: Configuration) async throws -> Addressee {
        if !to.isEmpty {
            return Addressee(
                user: user, addresses: to, language: configuration.voicemail.language)
        }
        guard let found = try await Addressee.find(user, configuration) else {
            standardError("no user '\(user)' in the directory: see 'intermezzo users list'")
            throw ExitCode.failure
        }
        return found
    }

    private func follow(_ envelope: Envelope, _ spool: Spool) async -> Result {
        let end = ContinuousClock.now + .seconds(timeout)
        var record: DeliveryRecord?
        while true {
            let state = spool.state(of: envelope.id)
            let summary = try? spool.summary(envelope.id)
            record = summary?.delivery ?? record
            let recipients = record?.recipients ?? []
            if state == .done || state == nil {
                return Result(id: envelope.id, delivered: true, recipients: recipients)
            }
            if let failure = summary?.lastFailure {
                return Result(
                    id: envelope.id, delivered: false, failedStep: failure.step,
                    reason: "\(failure.place): \(failure.reply)", recipients: recipients)
            }
            if ContinuousClock.now > end {
                let isTaken = record != nil
                return Result(
                    id: envelope.id, delivered: false, failedStep: isTaken ? "delivery" : "queue",
                    reason: isTaken
                        ? "no answer within \(timeout) s"
                        : "nobody took it from the queue within \(timeout) s: does the appliance run?",
                    recipients: recipients)
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}

extension Addressee.Attachment: ExpressibleByArgument {}

/// For tests: puts messages in the spool without a call.
struct MailSubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "submit", shouldDisplay: false)

    @OptionGroup var options: ConfigurationOption
    @Option var user = "alice"
    @Option var to: [String] = []
    @Option var short: [String] = []
    @Option var webhook: String?
    @Option var attachment = Addressee.Attachment.attach
    @Option var seconds = 2.0
    @Option var count = 1
    /// Users `USER0` to `USERn` in turn, each with one address `USERn@DOMAIN`.
    @Option var users: Int?
    @Option var domain = "a.test"
    @Flag(help: "Print the steps at which INTERMEZZO_FAULT can kill a debug build.")
    var faultPoints = false

    func run() throws {
        guard !faultPoints else {
            for point in FaultPoint.allCases { print(point.rawValue) }
            return
        }
        let configuration = try options.load()
        let spool = try options.spool()
        for index in 0..<count {
            let name = users.map { "\(user)\(index % max(1, $0))" } ?? user
            var message = SampleMessage(
                addressee: Addressee(
                    user: name, addresses: users == nil ? to : ["\(name)@\(domain)"],
                    attachment: attachment, shortAddresses: short, webhook: webhook),
                node: configuration.node.name, site: configuration.site,
                domain: configuration.domain)
            message.seconds = seconds
            print(try reporting { try message.deposit(in: spool) }.id)
        }
    }
}
