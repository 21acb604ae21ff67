package import Primitives

/// What is known of a recorded message beside its sound: `envelope.json` in the message's directory.
///
/// It is written when the recording begins and again, whole, when it ends.
package struct Envelope: Hashable, Sendable, Codable {
    /// Of the file's form. A reader refuses a higher one than it knows.
    package static let currentVersion = 1

    package var version = Envelope.currentVersion
    package var id: MessageIdentifier
    /// With its angle brackets (RFC 5322 §3.6.4); the same on every attempt to deliver.
    package var messageID: String
    package var callID: String
    package var node: String
    package var site: String
    package var addressee: Addressee
    package var caller: Party
    /// The number or user that the caller dialled.
    package var called: String
    package var reason: Reason
    /// Nanoseconds since 1970 of the answer.
    package var began: WallClockTime
    /// Nil while the recording goes on.
    package var ended: WallClockTime?
    package var ending: Ending?
    package var isUrgent = false
    /// Samples a second of `audio.au` (one channel, 16 bits).
    package var sampleRate: Int
    /// Samples in `audio.au`; nil while the recording goes on.
    package var samples: Int?
    /// First sample of the speech, and the one after its last: the reader is spared the rest. Nil:
    /// not looked for.
    package var speechBegin: Int?
    package var speechEnd: Int?

    /// The samples between which speech was found.
    package var speech: Range<Int>? {
        guard let speechBegin, let speechEnd, 0 <= speechBegin, speechBegin <= speechEnd else {
            return nil
        }
        return speechBegin..<speechEnd
    }

    package init(
        id: MessageIdentifier, messageID: String, callID: String, node: String, site: String,
        addressee: Addressee, caller: Party, called: String, reason: Reason, began: WallClockTime,
        sampleRate: Int
    ) {
        self.id = id
        self.messageID = messageID
        self.callID = callID
        self.node = node
        self.site = site
        self.addressee = addressee
        self.caller = caller
        self.called = called
        self.reason = reason
        self.began = began
        self.sampleRate = sampleRate
    }

    /// The caller, as far as the call said. Every field is text from the network.
    package struct Party: Hashable, Sendable, Codable {
        package var displayName: String?
        /// A telephone number, or the user part of the address.
        package var number: String?
        /// The whole address, `sip:`, `sips:` or `tel:`.
        package var uri: String

        package init(displayName: String? = nil, number: String? = nil, uri: String) {
            self.displayName = displayName
            self.number = number
            self.uri = uri
        }
    }

    /// Why the call came to the mailbox (RFC 4458 §2.4, RFC 5806).
    package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        case direct, busy
        case noAnswer = "no-answer"
        case unconditional
        case notReachable = "not-reachable"
        case unknown
    }

    /// What ended the recording.
    package enum Ending: String, Hashable, Sendable, Codable, CaseIterable {
        case hungUp = "hung-up"
        case key
        case maximumLength = "maximum-length"
        case silence
        case mediaLost = "media-lost"
        case drained
        /// The node stopped in the middle: what was on disk is what there is.
        case interrupted
    }
}
