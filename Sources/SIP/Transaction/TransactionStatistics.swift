/// What a `TransactionLayer` has seen since it was made.
package struct TransactionStatistics: Hashable, Sendable {
    /// Server transactions made, client transactions made.
    package var serverTransactions: UInt64 = 0
    package var clientTransactions: UInt64 = 0
    /// Requests that came again and were answered from their transaction, or absorbed.
    package var repeatedRequests: UInt64 = 0
    /// Messages that we sent again because nobody answered.
    package var retransmissions: UInt64 = 0
    package var mergedRequests: UInt64 = 0
    /// Responses that belong to no request of ours.
    package var strayResponses: UInt64 = 0
    /// Requests refused with 503 because there were too many transactions.
    package var overloads: UInt64 = 0
    /// INVITEs refused with one 503 because their address has too many without ACK.
    package var unproven: UInt64 = 0
    /// Requests whose responses could go nowhere, and messages without a usable Via.
    package var unanswerable: UInt64 = 0
    /// Client transactions that ended without any final response.
    package var timeouts: UInt64 = 0
    package var transportFailures: UInt64 = 0

    package init() {}
}
