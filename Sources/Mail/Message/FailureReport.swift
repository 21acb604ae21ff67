internal import Primitives
internal import Spool

/// What the postmaster reads of a message that some did not get.
struct FailureReport {
    let text: String

    init(
        _ failed: [DeliveryRecord.Recipient], _ envelope: Envelope, _ caller: Caller,
        isTooLarge: Bool
    ) {
        let clock = LocalTime(language: "en", timeZone: envelope.addressee.timeZone)
        func line(_ text: String) -> String { VisibleText.line(text, limit: 500) }
        var lines = [
            "A voicemail could not be delivered, and will not be tried again.",
            "",
            "Message: \(envelope.id) on \(line(envelope.node))",
            "Mailbox: \(line(envelope.addressee.user))",
            "From: \(caller.name ?? "(no name)"), \(caller.number ?? "(no number)"), "
                + line(envelope.caller.uri),
            "Called: \(line(envelope.called))",
            "When: \(clock.whole(envelope.began))",
            "Call-ID: \(line(envelope.callID))",
        ]
        for recipient in failed {
            lines += ["", "Recipient: \(line(recipient.target.description))"]
            lines.append("Attempts: \(recipient.attempts)")
            if let failure = recipient.failure {
                lines += [
                    "Last attempt: \(clock.whole(failure.at)), at \(line(failure.place))",
                    "Failed at: \(line(failure.step))", "Reason: \(line(failure.reply))",
                ]
            }
        }
        lines.append("")
        lines.append(
            isTooLarge
                ? "The recording is too large for this mail; it is kept on the node, in failed/."
                : "The recording, if there is one, is attached.")
        text = lines.joined(separator: "\n") + "\n"
    }
}
