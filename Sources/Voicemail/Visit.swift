internal import Directory
internal import IVR
internal import Primitives
internal import SDP
internal import SIP
internal import Spool

/// A call whose mailbox was found.
struct Arrival {
    let request: MailboxRequest
    /// What in the request named the mailbox.
    let rule: MailboxRequest.Rule
    let callID: String
    /// When the INVITE came.
    let invited: WallClockTime
    let flow: Flow
    let user: User
    let offer: MessageBody?
}

/// One call to a mailbox: what signalling, the media and the spool know of it.
struct Visit {
    let arrival: Arrival
    var request: MailboxRequest { arrival.request }
    var flow: Flow { arrival.flow }
    var user: User { arrival.user }
    var exchange: OfferAnswer
    var media: InteractiveMedia.Opened
    var parameters: MediaSessionParameters?
    var isAcknowledged = false
    var isProved = false
    var purpose: Purpose

    enum Purpose {
        case deposit(Deposit)
        /// Early media, then the refusal.
        case announcement(StatusCode)
        /// The call is answered, hears why there is no message, and is ended.
        case answeredAnnouncement(StatusCode, Phrase)
        /// The message is complete, or there is none: the end of the call is awaited.
        case over

        var deposit: Deposit? {
            get { if case .deposit(let deposit) = self { deposit } else { nil } }
            set { if let newValue { self = .deposit(newValue) } }
        }
    }

    /// What is known of the message; nil where none is taken.
    var envelope: Envelope?
    /// The message's directory, once it is on disk.
    var path: String?
    /// The tone was heard before the directory was there.
    var wantsRecording = false
    var isRecording = false
    var summary: RecordingSummary?
    /// What to do with the message when the recording is closed.
    var outcome: Outcome?

    enum Outcome {
        case keep(Envelope.Ending, isUrgent: Bool)
        case forget
    }
}
