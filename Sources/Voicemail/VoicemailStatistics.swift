/// Counters since the start.
package struct VoicemailStatistics: Sendable, Equatable {
    package var calls: UInt64 = 0
    /// Messages that were put in the queue.
    package var messages: UInt64 = 0
    /// Calls that left nothing to mail, by reason: `silence`, `noise`, `tone`, `too short`, `nothing
    /// was said`.
    package var discarded: [String: Int] = [:]
    /// Calls that were refused, by reason: `unknown`, `disabled`, `full`, `disk`, `directory`,
    /// `media`.
    package var refused: [String: Int] = [:]
    /// Recordings that the disk failed.
    package var failures: UInt64 = 0

    package init() {}
}
