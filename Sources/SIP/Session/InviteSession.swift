import Primitives

/// One invite session, incoming or outgoing: its dialogs, what waits for whom, and its timers.
///
/// It holds the state; `UserAgentCore` moves it, and sends and reports what follows. Confined to the
/// core that owns it.
///
///     incoming:  ringing ──2xx──▶ standing ──BYE either way──▶ gone
///                   │ 3xx-6xx, CANCEL ─────────────────────────▶ gone
///     outgoing:  calling ──2xx──▶ standing
///                   │ 3xx-6xx ─────────────────────────────────▶ gone
///     `leaving`: the application has been told of the end, the peer not yet in full
final class InviteSession {
    enum Stage {
        /// The peer's INVITE has no final response yet.
        case ringing
        /// Our INVITE has no final response yet.
        case calling
        case standing
        /// The application has heard `ended`. Left to do: a BYE or CANCEL and its answer.
        case leaving
    }

    /// Given by the core's table.
    var id = SessionID(value: .max)
    let isIncoming: Bool
    let callID: String
    let localTag: String
    /// Where we are for this session.
    let point: ListeningPoint
    /// How the peer's first message came; nil until one has.
    var flow: Flow?
    /// The other end of `flow` is the next hop of our requests: the peer itself, or the first proxy
    /// of the route.
    var isFlowAdjacent = false
    var stage: Stage
    var hasBeenEstablished = false
    /// The application has heard `ended`.
    var hasEnded = false

    /// One for an incoming call; for an outgoing one one for each fork that rang or answered.
    /// The first confirmed one is the session's.
    var dialogs: [Dialog] = []
    var exchange = OfferExchange()
    var timer: SessionTimer?
    /// What we last said in an offer or answer: a refresh by re-INVITE repeats it.
    var localBody: MessageBody?
    var peerAllowsUpdate = false
    /// The peer speaks RFC 4028; a refresh to it asks for a timer.
    var peerSupportsTimer = false

    // MARK: As a server

    /// The peer's INVITE or re-INVITE that has no final response yet.
    var invite: UnansweredInvite?
    /// UPDATE or PRACK with an offer that the application hasn't answered yet.
    var offer: UnansweredOffer?
    /// 2xx responses that wait for their ACK.
    var successes: [UnacknowledgedSuccess] = []
    var provisionals: ReliableProvisional<Response>?
    /// Reliable provisional responses that wait for the PRACK of the one before.
    var laterProvisionals: [LaterProvisional] = []

    // MARK: As a client

    /// Our INVITE or re-INVITE that has no final response yet.
    var ownInvite: OwnInvite?
    /// Our UPDATE with an offer that has no final response yet.
    var ownUpdate: ClientTransactionID?
    /// ACKs of ours, to be sent again when their 2xx comes again.
    var acknowledgements: [SentAcknowledgement] = []
    /// The ACK that will carry our answer to the offer in a 2xx, once the application has given it.
    var owedAcknowledgement: OwedAcknowledgement?
    /// Offers that wait for their turn, the oldest first.
    var laterOffers: [LaterOffer] = []
    /// When the offer refused with 491 is made again (RFC 3261 §14.1).
    var retryAt: Instant?
    /// 491 in a row.
    var glares = 0
    /// RSeq of reliable provisional responses by the fork's tag.
    var receivers: [String: ReliableProvisionalReceiver] = [:]
    /// Forks that have answered our offer in a reliable provisional response: their 2xx has no other
    /// answer.
    var answeredTags: Set<String> = []
    var call: OutgoingCall?
    /// The Min-SE of a 422, in seconds.
    var minimumInterval: Int?
    /// CSeq of the latest INVITE outside a dialog.
    var initialSequence: UInt32 = 0

    // MARK: Leaving

    /// Reason of the BYE or CANCEL that is still to be sent.
    var reason: String?
    /// A BYE is owed, and goes when the ACK is there.
    var owesBye = false
    var byeTransaction: ClientTransactionID?

    init(
        isIncoming: Bool, callID: String, localTag: String, point: ListeningPoint, flow: Flow?
    ) {
        self.isIncoming = isIncoming
        self.callID = callID
        self.localTag = localTag
        self.point = point
        self.flow = flow
        stage = isIncoming ? .ringing : .calling
    }

    /// The confirmed dialog, or the early one while there is no other.
    var dialogIndex: Int? {
        dialogs.firstIndex { $0.isConfirmed } ?? (dialogs.isEmpty ? nil : 0)
    }

    func dialogIndex(remoteTag: String) -> Int? {
        dialogs.firstIndex { $0.remoteTag == remoteTag }
    }

    /// Nothing of ours or theirs hinders a new offer from here.
    var mayOffer: Bool {
        stage == .standing && exchange.isStable && ownInvite == nil && ownUpdate == nil
            && invite == nil && offer == nil && retryAt == nil
    }

    /// When the core has to look after it.
    var deadline: Instant? {
        var soonest: Instant?
        func consider(_ deadline: Instant?) {
            guard let deadline else { return }
            soonest = soonest.map { min($0, deadline) } ?? deadline
        }
        if stage == .standing {
            consider(timer?.deadline)
            consider(retryAt)
        }
        consider(invite?.giveUp)
        for success in successes { consider(min(success.resend, success.giveUp)) }
        consider(provisionals?.deadline)
        return soonest
    }
}

extension InviteSession {
    struct UnansweredInvite {
        var transaction: ServerTransactionID
        var request: Request
        /// What the 2xx will say of session timers.
        var timer: SessionTimer.Answer
        /// The peer lists 100rel in Require, or in Supported.
        var requiresReliable: Bool
        var supportsReliable: Bool
        /// When it is refused because nobody answered: Expires, or our own limit.
        var giveUp: Instant
        /// The application has accepted; the 2xx waits for a PRACK.
        var acceptance: Acceptance?
    }

    struct Acceptance {
        var body: MessageBody?
        var headers: [Rejection.Field]
    }

    struct UnansweredOffer {
        var transaction: ServerTransactionID
        var request: Request
        var timer: SessionTimer.Answer
    }

    struct UnacknowledgedSuccess {
        var sequence: UInt32
        var transaction: ServerTransactionID
        var response: Response
        var resend: Instant
        var gap: Interval
        var giveUp: Instant
    }

    struct LaterProvisional {
        var status: StatusCode
        var body: MessageBody?
        var headers: [Rejection.Field]
    }

    struct OwnInvite {
        enum Purpose { case call, offer, refresh }
        var transaction: ClientTransactionID
        var sequence: UInt32
        var purpose: Purpose
        var offer: MessageBody?
        /// CANCEL is to go, as soon as a provisional response allows it.
        var isCancelWanted = false
        var isCancelSent = false
        var hasProvisional = false
    }

    struct SentAcknowledgement {
        var sequence: UInt32
        var remoteTag: String
        var bytes: [UInt8]
        var destination: Destination
    }

    struct OwedAcknowledgement {
        var sequence: UInt32
        var remoteTag: String
        var invite: Request
    }

    struct LaterOffer {
        /// Nil: the peer is asked to make one.
        var body: MessageBody?
        var byUpdate: Bool
    }
}
