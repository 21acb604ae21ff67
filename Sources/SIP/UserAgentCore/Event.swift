extension UserAgentCore {
    /// What the core tells the application.
    ///
    /// Every session that was announced by `invited` or made by `invite(_:now:)` ends with exactly
    /// one `ended`, whoever ended it, and no event names it afterwards.
    package enum Event: Sendable {
        // MARK: A call comes in

        /// An INVITE for a new session. `offer` is nil when the INVITE carries none: then the body
        /// given to `accept` (or to a reliable `progress`) is our offer, and `answered` follows.
        ///
        /// Answer now or later with `progress`, `accept` or `reject`; 100 has been seen to.
        case invited(SessionID, Request, on: Flow, offer: MessageBody?)

        /// The answer to the offer that we made in a 2xx or a reliable provisional came in ACK or
        /// PRACK (also for re-INVITE).
        case answered(SessionID, MessageBody)

        // MARK: A call of ours

        /// A provisional response other than 100. `body` is the answer, as a preview or, in a
        /// reliable response (it has RSeq), for good.
        case progressed(SessionID, Response, body: MessageBody?)

        /// A 2xx to our INVITE; its ACK has been sent. `answer` is nil if the peer sent none, as it may
        /// when a reliable `progressed` held it.
        case accepted(SessionID, Response, answer: MessageBody?)

        /// A 2xx to an INVITE or re-INVITE of ours without offer carries theirs: `acceptOffer` puts
        /// the answer into the ACK, `rejectOffer` hangs up. The peer waits, 32 s at most.
        case offered(SessionID, Response, offer: MessageBody)

        // MARK: Within a session

        /// The session stands: the peer's ACK to our 2xx arrived, or ours went out.
        case established(SessionID)

        /// The peer offers a change by re-INVITE or UPDATE: `acceptOffer` or `rejectOffer`.
        /// Until rejected or accepted nothing has changed (RFC 3261 §14.1).
        case reoffered(SessionID, Request, offer: MessageBody)

        /// A re-INVITE without offer: call `acceptOffer` with a fresh offer of everything that we
        /// can do; `answered` follows with the ACK (RFC 3261 §14.2, RFC 6337 §5.3).
        case offerWanted(SessionID, Request)

        /// The peer accepted our re-INVITE or UPDATE that held an offer.
        case offerAccepted(SessionID, Response, answer: MessageBody?)

        /// The peer refused our re-INVITE or UPDATE: all stays as before (RFC 3261 §14.1).
        case offerRejected(SessionID, Response)

        /// The peer cancelled its re-INVITE before it was answered, or the time for an answer to
        /// its UPDATE or PRACK is over: all stays as before.
        case offerWithdrawn(SessionID)

        /// The ACK to a re-INVITE without offer came without an answer: all stays as before.
        case offerUnanswered(SessionID)

        /// A session timer was refreshed by a re-INVITE that repeated our last offer or answer;
        /// this is the peer's answer, as a rule the same as before.
        case refreshed(SessionID, answer: MessageBody)

        /// An INFO (RFC 6086 §3, without package); it has been answered with 200.
        case informed(SessionID, Request)

        /// The session is over; its signalling needs nothing more from the application.
        case ended(SessionID, EndCause)

        // MARK: Requests without session

        /// A request of one of `Configuration.applicationMethods`, outside any session, or within
        /// one (then the session is named): answer with `respond(to:_:now:)`.
        case requested(RequestID, Request, on: Flow, in: SessionID?)

        /// The final response to a request made with `request`; of our own making (408 or 503) when
        /// none came.
        case responded(RequestID, Response)
    }
}
