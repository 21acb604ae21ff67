import Primitives

extension UserAgentCore {
    /// Lets time pass for one session whose deadline has come.
    func advance(_ session: InviteSession, to now: Instant) {
        advanceInvite(session, to: now)
        advanceProvisionals(session, to: now)
        advanceSuccesses(session, to: now)
        if session.stage == .standing, var timer = session.timer {
            let due = timer.advance(to: now)
            session.timer = timer
            switch due {
            case .refresh: refresh(session, now: now)
            case .expired:
                session.reason = "SIP;cause=408;text=\"Session expired\""
                hangUp(session, .sessionExpired, now: now)
            case nil: break
            }
        }
        if let retry = session.retryAt, retry <= now {
            session.retryAt = nil
            offerNext(session, now: now)
        }
        schedule(session)
    }

    /// The application has been silent on an INVITE for too long.
    private func advanceInvite(_ session: InviteSession, to now: Instant) {
        guard let invite = session.invite, invite.giveUp <= now else { return }
        let hasExpires = (try? invite.request.headers.expires) != nil
        session.invite = nil
        let response = makeResponse(
            to: invite.request, hasExpires ? .requestTerminated : .temporarilyUnavailable,
            in: session)
        respond(invite.transaction, response, now: now)
        if session.stage == .ringing {
            refuseOffer(session, now: now)
            end(session, .expired)
        } else {
            if session.exchange.remoteOffer == .invite { session.exchange.settle() }
            if !session.hasEnded { emit(.offerWithdrawn(session.id)) }
        }
    }

    private func advanceProvisionals(_ session: InviteSession, to now: Instant) {
        guard var machine = session.provisionals, let invite = session.invite else { return }
        let due = machine.advance(to: now)
        session.provisionals = machine
        switch due {
        case .resend(let response): respond(invite.transaction, response, now: now)
        case .timedOut:
            session.invite = nil
            respond(
                invite.transaction, makeResponse(to: invite.request, .serverTimeout, in: session),
                now: now)
            refuseOffer(session, now: now)
            end(session, .noProvisionalAcknowledgement)
        case nil: break
        }
    }

    /// RFC 3261 §13.3.1.4: a 2xx is repeated over every transport, since what is lost may be
    /// beyond the next hop.
    private func advanceSuccesses(_ session: InviteSession, to now: Instant) {
        for index in session.successes.indices {
            if session.successes[index].giveUp <= now {
                session.successes = []
                if session.owesBye {
                    sendBye(session, now: now)
                } else {
                    session.reason = "SIP;cause=408;text=\"No ACK\""
                    hangUp(session, .noAcknowledgement, now: now)
                }
                return
            }
            guard session.successes[index].resend <= now else { continue }
            let gap = configuration.timers.doubled(session.successes[index].gap)
            session.successes[index].gap = gap
            session.successes[index].resend = now + gap
            let success = session.successes[index]
            respond(success.transaction, success.response, now: now)
        }
    }
}
