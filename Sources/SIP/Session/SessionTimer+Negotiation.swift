package import Primitives

extension SessionTimer {
    /// What this element wants of session timers.
    package struct Policy: Equatable, Sendable {
        /// The interval that we ask for where the peer leaves it to us, in seconds.
        package var interval: Int
        /// The shortest interval that we accept, in seconds; RFC 4028 §5 allows none below 90.
        package var minimum: Int

        package init(interval: Int = 1800, minimum: Int = 90) {
            self.minimum = max(90, minimum)
            self.interval = max(self.minimum, interval)
        }
    }

    /// What a request or response says about session timers.
    package struct Terms: Equatable, Sendable {
        /// Delta-seconds of Session-Expires; nil without it.
        package var interval: Int?
        /// The refresher parameter of Session-Expires: a role in the transaction that carries it,
        /// not in the dialog.
        package var refresher: SessionExpires.Refresher?
        /// Delta-seconds of Min-SE; nil without it.
        package var minimum: Int?
        /// Supported (or Require) lists `timer`.
        package var isSupported: Bool

        package init(
            interval: Int? = nil, refresher: SessionExpires.Refresher? = nil, minimum: Int? = nil,
            isSupported: Bool = false
        ) {
            self.interval = interval
            self.refresher = refresher
            self.minimum = minimum
            self.isSupported = isSupported
        }
    }

    /// How a UAS answers the terms of an INVITE or UPDATE.
    package enum Answer: Equatable, Sendable {
        /// 422 with this Min-SE (RFC 4028 §9).
        case tooSmall(minimum: Int)
        /// A 2xx without Session-Expires: no timer runs.
        case none
        /// A 2xx with this Session-Expires, and `Require: timer` when `isRequired`.
        case agreed(interval: Int, refresher: SessionExpires.Refresher, isRequired: Bool)
    }

    /// The UAS's side of RFC 4028 §9.
    ///
    /// Where the choice of refresher is ours: the peer, if it asked for a timer (a dead peer is
    /// then noticed at no cost), else this side, because a peer that merely lists `timer` may not
    /// be prepared to refresh. A running timer keeps its roles.
    package static func answer(
        to terms: Terms, policy: Policy, current: SessionTimer? = nil
    ) -> Answer {
        guard let asked = terms.interval else {
            // A peer that knows nothing of timers is left alone, unless one runs already.
            guard terms.isSupported || current != nil else { return .none }
            let interval = max(current?.interval ?? policy.interval, terms.minimum ?? 0)
            let refresher: SessionExpires.Refresher =
                terms.isSupported && current?.refresher == .remote ? .uac : .uas
            return .agreed(
                interval: interval, refresher: refresher, isRequired: terms.isSupported)
        }
        if asked < policy.minimum, terms.isSupported {
            return .tooSmall(minimum: max(policy.minimum, terms.minimum ?? 0))
        }
        // The UAS may lower the interval, never raise it; below 90 only a proxy that broke the
        // rules could have put it.
        let interval = max(asked, 90)
        guard terms.isSupported else {
            return .agreed(interval: interval, refresher: .uas, isRequired: false)
        }
        let refresher = terms.refresher ?? (current?.refresher == .local ? .uas : .uac)
        return .agreed(interval: interval, refresher: refresher, isRequired: true)
    }

    /// The timer that a 2xx to our own INVITE or UPDATE starts; nil when the peer wants none
    /// (RFC 4028 §7.2).
    package init?(response terms: Terms, now: Instant) {
        guard let interval = terms.interval else { return nil }
        // A 2xx without the parameter is against §9; the side that asked for the timer sees to it.
        self.init(
            interval: max(interval, 90),
            refresher: terms.refresher == .uas ? .remote : .local, now: now)
    }

    /// The timer that our own 2xx starts.
    package init?(answer: Answer, now: Instant) {
        guard case .agreed(let interval, let refresher, _) = answer else { return nil }
        self.init(
            interval: interval, refresher: refresher == .uas ? .local : .remote, now: now)
    }
}
