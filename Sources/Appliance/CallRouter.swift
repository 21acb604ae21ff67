internal import MusicOnHold
internal import SIP
internal import UserAgent

/// Hands each session to the application that its address names.
final class CallRouter: UserAgentApplication {
    /// Set before the user agent starts.
    var music: MusicOnHold?

    func handle(_ event: UserAgentCore.Event, from userAgent: UserAgent) {
        guard let music else { return }
        switch event {
        case .invited(let id, let request, let flow, let offer):
            guard music.takes(request) else { return userAgent.reject(id, Rejection(.notFound)) }
            music.invited(id, request, on: flow, offer: offer)
        case .answered(let id, let body):
            music.answered(id, body)
        case .reoffered(let id, _, let offer):
            music.reoffered(id, offer: offer)
        case .offerWanted(let id, _):
            music.offerWanted(id)
        case .established(let id):
            music.established(id)
        case .ended(let id, _):
            music.ended(id)
        case .requested(let id, _, _, _):
            // Nothing serves requests outside of calls yet.
            userAgent.respond(to: id, Rejection(.notImplemented))
        case .offerWithdrawn(let id), .offerUnanswered(let id):
            music.offerLapsed(id)
        case .progressed, .accepted, .offered, .offerAccepted, .offerRejected, .refreshed,
            .informed,
            .responded:
            break
        }
    }
}
