/// Which offers of one session wait for an answer, and so what may be said next
/// (RFC 3261 §14, RFC 3311 §5, RFC 6337 §2.2 and §4).
///
///     stable ──offer sent──▶ localOffer ──answer came / refused──▶ stable
///     stable ──offer came──▶ remoteOffer ──answer sent / refused──▶ stable
package struct OfferExchange: Equatable, Sendable {
    /// The message that carries an offer.
    package enum Carrier: Hashable, Sendable {
        /// The INVITE; its answer comes in a reliable 1xx or the 2xx.
        case invite
        /// A reliable 1xx; its answer comes in the PRACK.
        case provisional
        /// The 2xx to an INVITE without offer; its answer comes in the ACK.
        case success
        case prack
        case update
    }

    /// Why an offer of the peer can't be taken now.
    package enum Conflict: Equatable, Sendable {
        /// 491: an offer of ours is under way.
        case requestPending
        /// 500 with Retry-After: the peer's last offer hasn't been answered yet.
        case tooEarly
    }

    private enum State: Equatable, Sendable {
        case stable
        case localOffer(Carrier)
        case remoteOffer(Carrier)
    }
    private var state = State.stable

    package init() {}

    package var isStable: Bool { state == .stable }

    /// How our unanswered offer went out; nil when there is none.
    package var localOffer: Carrier? {
        if case .localOffer(let carrier) = state { carrier } else { nil }
    }

    /// How the peer's unanswered offer came; nil when there is none.
    package var remoteOffer: Carrier? {
        if case .remoteOffer(let carrier) = state { carrier } else { nil }
    }

    /// The peer makes an offer.
    /// - Returns: nil when it is taken.
    package mutating func receiveOffer(by carrier: Carrier) -> Conflict? {
        switch state {
        case .stable:
            state = .remoteOffer(carrier)
            return nil
        case .localOffer: return .requestPending
        case .remoteOffer: return .tooEarly
        }
    }

    /// We make an offer.
    /// - Returns: false when it has to wait.
    package mutating func sendOffer(by carrier: Carrier) -> Bool {
        guard state == .stable else { return false }
        state = .localOffer(carrier)
        return true
    }

    /// Our answer goes out, or theirs came, or the offer was refused.
    package mutating func settle() { state = .stable }
}
