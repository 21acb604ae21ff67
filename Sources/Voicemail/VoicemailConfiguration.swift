package import Playout
package import Primitives
package import SIP
package import Spool

/// What ``Voicemail`` is told by the operator; replaced whole at a reload.
package struct VoicemailConfiguration: Sendable, Equatable {
    package var site = "main"
    package var node = "host1"
    /// Right side of Message-IDs.
    package var domain = "example.com"
    package var files = PromptFiles(prompts: "Media/prompts", greetings: "Media/greetings")
    /// Language of users who have set none.
    package var language = "en"
    /// Time zone of users who have set none (IANA).
    package var timeZone = "UTC"
    package var format = AttachmentFormat.wav
    package var attachment = Addressee.Attachment.attach
    /// Whether a call that left no message is told by mail.
    package var sendsMissedCallMail = false
    package var maximumLength: Interval = .seconds(180)
    package var minimumLength: Interval = .seconds(2)
    package var maximumSilence: Interval = .seconds(10)
    /// After the announcement of a mailbox that is full or disabled.
    package var fullResponse = StatusCode.temporarilyUnavailable
    package var historyEntry = MailboxRequest.HistoryEntry.last
    /// Where `0` leads to.
    package var `operator`: URI?
    /// Octets of the spool's disk that are kept free.
    package var reserve = 500 << 20
    /// Undelivered messages of one user above which the mailbox is full.
    package var mailboxMessages = 100
    /// Formats to offer and accept, in order of preference.
    package var formats: [MediaFormat] = [.opusMono, .g722, .pcmu, .pcma]
    /// The node's own unicast addresses, the first of each family preferred.
    package var addresses: [IPAddress] = [.loopbackV4]
    package var allowedNetworks = IPNetwork.privateNetworks
    package var symmetricNetworks: [IPNetwork] = []
    /// Networks whose P-Asserted-Identity is believed.
    package var trustedNetworks: [IPNetwork] = []
    /// Packets in all to a destination that has not shown that it wants them.
    package var unprovenPackets = 50
    /// Seconds in Retry-After when there is no room.
    package var retryAfter = 10

    package init() {}
}
