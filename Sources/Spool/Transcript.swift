internal import FoundationEssentials
package import Primitives

/// What was said in a message, in words, or why nobody could tell: `transcript.json`.
package struct Transcript: Hashable, Sendable, Codable {
    package var at: WallClockTime
    package var text: String?
    package var failure: String?

    package init(at: WallClockTime, text: String? = nil, failure: String? = nil) {
        self.at = at
        self.text = text
        self.failure = failure
    }
}

extension Spool {
    package static let transcriptFile = "transcript.json"

    /// Nil when none was tried, or it can't be read: no mail waits for it.
    package func transcript(in message: borrowing DirectoryHandle) -> Transcript? {
        guard message.size(of: Spool.transcriptFile) != nil else { return nil }
        return try? decode(Spool.transcriptFile, in: message)
    }

    package func write(
        _ transcript: Transcript, in message: borrowing DirectoryHandle
    ) throws(SpoolError) {
        do throws(SystemError) {
            try message.replace(Spool.transcriptFile, with: Spool.encoded(transcript))
        } catch {
            throw .system(error)
        }
    }
}
