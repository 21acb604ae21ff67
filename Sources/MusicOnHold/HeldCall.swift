internal import MediaEngine
internal import Playout
internal import Primitives
internal import SDP

/// One call that hears music: what signalling and the engine know of it.
struct HeldCall {
    let className: String
    let rule: ClassChoice.Rule
    /// Under which the place is noted where the class resumes.
    let resumeKey: ResumePositions.Key?
    /// When the place is forgotten again.
    let resumeFor: Interval
    /// Where the request for the session came from.
    let source: IPAddress
    var exchange: OfferAnswer
    var stream: OpenStream
    var parameters: StreamParameters
    /// The peer has shown by its ACK that it receives what we send to `source`.
    var isAcknowledged = false
    /// The engine's word that the destination wants the music.
    var isProved = false
}
