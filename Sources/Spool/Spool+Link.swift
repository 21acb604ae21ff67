internal import FoundationEssentials
package import Primitives

/// Recordings that are fetched by a link.
extension Spool {
    /// Its presence says that the message's link leads nowhere any more.
    static let revocationFile = "link-revoked"

    /// Where a link leads; nil where there is no such message, it was revoked, or nothing was said.
    package func linkedRecording(
        _ id: MessageIdentifier
    ) -> (path: String, envelope: Envelope)? {
        // It may be moved to another state at any moment.
        for _ in 0..<3 {
            guard let state = state(of: id), [.queue, .held, .failed, .done].contains(state) else {
                return nil
            }
            guard let message = try? open(id, in: state) else { continue }
            guard message.size(of: Spool.revocationFile) == nil, !isMissedCall(message),
                let envelope = try? envelope(in: message)
            else { return nil }
            return ("\(path(of: id, in: state))/\(Spool.audioFile)", envelope)
        }
        return nil
    }

    /// Ends a message's link at once.
    package func revokeLink(_ id: MessageIdentifier) throws(SpoolError) {
        guard let state = state(of: id) else { throw .unknown(id, nil) }
        let message = try open(id, in: state)
        do throws(SystemError) {
            try message.write(Spool.revocationFile, Data())
            try message.sync()
        } catch {
            throw .system(error)
        }
    }

    /// Until when the recording has to stay for the links that were handed out; nil: for none.
    package func linkExpires(_ id: MessageIdentifier, in state: SpoolState) -> WallClockTime? {
        guard let message = try? open(id, in: state),
            message.size(of: Spool.revocationFile) == nil
        else { return nil }
        return (try? deliveries(in: message))?.linkExpires
    }

    /// Whether the message was set aside, so that its call is told as missed, if at all.
    package func isMissedCall(_ message: borrowing DirectoryHandle) -> Bool {
        message.size(of: Spool.discardFile) != nil
    }
}
