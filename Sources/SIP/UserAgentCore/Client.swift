extension UserAgentCore {
    /// A request of ours that runs.
    struct Client {
        enum Purpose {
            case invite
            case update(offer: MessageBody?)
            case prack
            case info
            case bye
            /// Outside of any session.
            case request(RequestID, OutgoingCall)
        }

        var purpose: Purpose
        var session: SessionID?
        /// Without our Via, to be made anew when a challenge has to be answered.
        var request: Request
        /// Within this dialog; nil: outside of any.
        var remoteTag: String?
        /// How often it has been made anew.
        var attempts = 0
    }

    /// How often one request is made anew for a challenge or a session timer.
    static let mostAttempts = 3
    /// How many 491 in a row an offer is made again after.
    static let mostGlares = 8
}
