import Primitives

/// What a response and its request have in common (RFC 3261 §17.1.3).
struct ClientTransactionKey: Hashable {
    let branch: String
    let method: Method
}

/// A row of the layer's table of client transactions.
struct ClientTransaction {
    enum Machine {
        case invite(InviteClientTransaction)
        case other(NonInviteClientTransaction)
    }

    /// What became of the wish to cancel.
    enum Cancellation {
        case notWanted
        /// Waits for a provisional response; with the value of Reason.
        case wanted(reason: String?)
        case sent
    }

    var machine: Machine
    let key: ClientTransactionKey
    var destination: Destination
    /// As sent, with our Via.
    var request: Request
    var octets: [UInt8]
    /// Of a refusal, for when it comes again.
    var acknowledgement: [UInt8] = []
    /// How many Via a response must have.
    let viaCount: Int
    var cancellation = Cancellation.notWanted
    /// Where to send by UDP when TCP, taken for the size alone, is refused (RFC 3261 §18.1.1).
    var datagramDestination: Destination?
    /// A CANCEL of the layer's own: its user hears nothing of it.
    let isInternal: Bool
    /// How often the request has been sent.
    var sendings = 1
    /// When ICMP first said that it does not arrive, and of which sending. A response takes it away.
    var doubt: (since: Instant, sending: Int)?

    /// Whether a transport error would end it.
    var isWaiting: Bool {
        switch machine {
        case .invite(let machine): machine.isCalling
        case .other(let machine): machine.isUnanswered
        }
    }

    /// Notes that ICMP says, without proof, that the request does not arrive.
    /// - Returns: whether that is to be believed now.
    mutating func doubt(
        _ cause: UndeliveredDatagram.Cause, _ timers: SIPTimers, now: Instant
    ) -> Bool {
        guard let doubt else {
            doubt = (now, sendings)
            return false
        }
        let isLasting = cause == .refused || now - doubt.since >= timers.t1 * 12
        return isLasting && sendings > doubt.sending
    }
}
