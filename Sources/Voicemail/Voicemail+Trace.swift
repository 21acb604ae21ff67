internal import Directory
internal import NIOPosix
internal import Primitives
internal import Spool
internal import UserAgent

/// The steps of a call before its message is in the queue, for `intermezzo mail trace`.
extension Voicemail {
    /// Adds a step of the message that this call leaves; nothing when there is none.
    func note(_ visit: Visit?, _ step: TraceEvent.Step, _ text: String) {
        guard let envelope = visit?.envelope else { return }
        write([TraceEvent(step, envelope, text: text)])
    }

    /// What was known before there was a message: the INVITE, whose mailbox, and what is heard.
    func note(_ arrival: Arrival, as envelope: Envelope, greeting: String) {
        write(
            arrival.steps { TraceEvent($0, envelope, text: $1) }
                + [TraceEvent(.greeting, envelope, text: greeting)])
    }

    /// A call for a user that leaves no message, under an identifier that no message has.
    func noteTurnedAway(_ arrival: Arrival, reason: String) {
        var random = SystemRandomNumberGenerator()
        let id = MessageIdentifier(at: .now, node: configuration.node, random: random.next())
        let caller = arrival.request.caller
        func event(_ step: TraceEvent.Step, _ text: String) -> TraceEvent {
            TraceEvent(
                step, id, user: arrival.user.name, caller: caller.number ?? caller.uri, text: text)
        }
        write(arrival.steps(event) + [event(.turnedAway, reason)])
    }

    private func write(_ events: [TraceEvent]) {
        let trace = trace
        // In the order of their times, whichever thread comes first.
        disk.submit { _ in
            for event in events { trace.add(event) }
        }
    }
}

extension Arrival {
    fileprivate func steps(
        _ event: (TraceEvent.Step, String) -> TraceEvent
    ) -> [TraceEvent] {
        var came = event(.invited, "Call-ID \(callID), called \(request.called)")
        came.at = invited
        return [came, event(.mailbox, "\(rule.rawValue), \(request.reason.rawValue)")]
    }
}
