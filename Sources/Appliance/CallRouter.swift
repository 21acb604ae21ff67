internal import MusicOnHold
internal import SIP
internal import UserAgent
internal import Voicemail

/// Hands each session to the application that its address names.
final class CallRouter: UserAgentApplication {
    /// Both set before the user agent starts.
    var music: MusicOnHold?
    var voicemail: Voicemail?

    func handle(_ event: UserAgentCore.Event, from userAgent: UserAgent) {
        guard let music, let voicemail else { return }
        switch event {
        case .invited(let id, let request, let flow, let offer):
            if music.takes(request) {
                music.invited(id, request, on: flow, offer: offer)
            } else if voicemail.takes(request) {
                voicemail.invited(id, request, on: flow, offer: offer)
            } else {
                userAgent.reject(id, Rejection(.notFound))
            }
        case .answered(let id, let body):
            voicemail.has(id) ? voicemail.answered(id, body) : music.answered(id, body)
        case .reoffered(let id, _, let offer):
            voicemail.has(id)
                ? voicemail.reoffered(id, offer: offer) : music.reoffered(id, offer: offer)
        case .offerWanted(let id, _):
            voicemail.has(id) ? voicemail.offerWanted(id) : music.offerWanted(id)
        case .established(let id):
            voicemail.has(id) ? voicemail.established(id) : music.established(id)
        case .ended(let id, let cause):
            voicemail.has(id) ? voicemail.ended(id, cause) : music.ended(id)
        case .offerWithdrawn(let id), .offerUnanswered(let id):
            voicemail.has(id) ? voicemail.offerLapsed(id) : music.offerLapsed(id)
        case .informed(let id, let request):
            if voicemail.has(id) { voicemail.informed(id, request) }
        case .requested(let id, let request, _, let session?) where request.method == .notify:
            userAgent.respond(to: id, Rejection(.ok))
            if voicemail.has(session) { voicemail.notified(session, request) }
        case .requested(let id, _, _, _):
            // Nothing serves requests outside of calls yet.
            userAgent.respond(to: id, Rejection(.callOrTransactionDoesNotExist))
        case .progressed, .accepted, .offered, .offerAccepted, .offerRejected, .refreshed,
            .responded:
            break
        }
    }
}
