extension TransactionLayer {
    /// What the owner must do, in this order.
    package enum Action: Sendable {
        /// Hand these octets to the transport; report failure with `transportFailed`.
        case send([UInt8], to: Destination)

        // MARK: Requests from peers

        /// A new request, to be answered with `respond`. Its top Via has been completed; 100 will
        /// be sent at its time.
        ///
        /// `mergedWith`: the same request came before by another way and is still being served; a
        /// UAS answers 482 (RFC 3261 §8.2.2.2), a proxy forwards both.
        case request(
            ServerTransactionID, Request, on: Flow, mergedWith: ServerTransactionID?)
        /// A CANCEL, to be answered with `respond`: 200, and 487 to `invite` if that has no final
        /// response; or 481 where `invite` is nil (RFC 3261 §9.2).
        case cancel(ServerTransactionID, Request, on: Flow, invite: ServerTransactionID?)
        /// An ACK that is not for a refusal; never answered. `invite` is there only if the peer
        /// sent it with the INVITE's own branch.
        case acknowledgement(Request, on: Flow, invite: ServerTransactionID?)
        /// Nobody acknowledged a refusal (timer H). `serverEnded` follows.
        case unacknowledged(ServerTransactionID)
        /// Where the responses go nobody is. An INVITE that has no final response yet must be
        /// given one all the same: until then its transaction stays.
        case undeliverable(ServerTransactionID)
        /// The transaction is no more: a `respond` comes too late.
        case serverEnded(ServerTransactionID)

        // MARK: Requests of ours

        /// A response; every 2xx to an INVITE, also when it comes again or from another fork, and
        /// any other final one once. Its ACK has been sent unless it is a 2xx.
        case response(ClientTransactionID, Response, on: Flow)
        /// There is no final response and won't be. `clientEnded` follows.
        case failed(ClientTransactionID, Failure)
        case clientEnded(ClientTransactionID)

        /// A 2xx to an INVITE that no transaction knows (any more).
        case strayResponse(Response, on: Flow)
    }

    /// Why a request of ours got no final response.
    package enum Failure: Hashable, Sendable {
        /// As if 408 had come (RFC 3261 §8.1.3.1).
        case timedOut
        /// As if 503 had come.
        case transport
    }
}
