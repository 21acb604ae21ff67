internal import FoundationEssentials
package import Primitives

extension Spool {
    /// Has everything that is left of a message tried now: of a queued, held, failed or discarded
    /// one. Who was given up is tried again; who has it is not.
    ///
    /// Throws ``SpoolError/busy(_:)`` when it is being tried at this moment.
    package func retry(_ id: MessageIdentifier, at now: WallClockTime) throws(SpoolError) {
        guard let state = state(of: id) else { throw .unknown(id, nil) }
        guard [.queue, .held, .failed, .discarded].contains(state) else {
            throw state == .recording ? .busy(id) : .unfit(id, state)
        }
        let message = try open(id, in: state, locks: true)
        if state == .discarded { return try releaseDiscarded(id, message) }
        if var record = try deliveries(in: message) {
            let wasGivenUp = record.recipients.contains { $0.state == .failed }
            record.recipients.removeAll { $0.target.kind == .postmaster && $0.state != .waiting }
            for index in record.recipients.indices where record.recipients[index].state != .accepted
            {
                record.recipients[index].state = .waiting
                record.recipients[index].next = now
            }
            // Else the first new failure would give it up again.
            if wasGivenUp { record.queued = now }
            try write(record, in: message)
        }
        do throws(SystemError) {
            if state == .queue { try message.touch() }
        } catch {
            throw .system(error)
        }
        if state != .queue { try move(id, from: state, to: .queue) }
    }

    /// Has a message mailed after all that nobody was to be bothered with.
    private func releaseDiscarded(
        _ id: MessageIdentifier, _ message: borrowing DirectoryHandle
    ) throws(SpoolError) {
        do throws(SystemError) {
            // The mail of a missed call is another than that of the message.
            for name in [Spool.deliveryFile, Spool.discardFile] where message.size(of: name) != nil
            {
                try message.remove(name)
            }
            try message.sync()
        } catch {
            throw .system(error)
        }
        try move(id, from: .discarded, to: .queue)
    }

    /// Everything that its files say of a message.
    package struct Summary: Sendable, Codable {
        package var state: SpoolState
        package var envelope: Envelope
        package var delivery: DeliveryRecord?
        package var discarded: String?
        package var transcript: Transcript?

        /// Of the failures, the last.
        package var lastFailure: DeliveryRecord.Failure? {
            delivery?.recipients.compactMap(\.failure).max { $0.at < $1.at }
        }
    }

    /// Throws when there is no such message, or its files can't be read.
    package func summary(_ id: MessageIdentifier) throws(SpoolError) -> Summary {
        guard let state = state(of: id) else { throw .unknown(id, nil) }
        return try summary(id, in: state)
    }

    package func summary(
        _ id: MessageIdentifier, in state: SpoolState
    ) throws(SpoolError) -> Summary {
        let message = try open(id, in: state)
        let record: DiscardRecord? =
            message.size(of: Spool.discardFile) == nil
            ? nil : try decode(Spool.discardFile, in: message)
        return Summary(
            state: state, envelope: try envelope(in: message),
            delivery: try deliveries(in: message), discarded: record?.reason,
            transcript: transcript(in: message))
    }
}
