internal import FoundationEssentials
package import Primitives
package import Spool

/// Makes and checks links to recordings: each names one message, ends at its time, and can't be made
/// without the key.
package struct LinkSigner: Sendable, Equatable {
    /// Begins every path.
    private static let mark = "recording"

    /// What all links begin with, without a slash at its end.
    private let baseURL: String
    private let lifetime: Interval
    private let key: [UInt8]

    /// - Parameters:
    ///   - lifetime: of a link, from the end of the recording.
    ///   - key: 16 octets or more; the same on every node that is to serve the links.
    package init(baseURL: String, lifetime: Interval, key: [UInt8]) {
        self.baseURL = baseURL
        self.lifetime = lifetime
        self.key = key
    }

    /// `BASE/recording/ID/EXPIRES/SIGNATURE`, with seconds since 1970. It is the same every time, as
    /// each attempt to deliver a mail must say the same.
    package func link(
        to envelope: Envelope
    ) throws(MailError) -> (url: String, expires: WallClockTime) {
        let end = (envelope.ended ?? envelope.began).nanoseconds
        let seconds = end / 1_000_000_000 + lifetime.nanoseconds / 1_000_000_000
        let signature = try signature(envelope.id.description, "\(seconds)")
        return (
            "\(baseURL)/\(LinkSigner.mark)/\(envelope.id)/\(seconds)/\(signature)",
            WallClockTime(nanoseconds: seconds &* 1_000_000_000)
        )
    }

    /// The message of a link; nil unless it was made with our key and has not ended.
    ///
    /// The signature is looked at first, so that nobody learns by a guess which messages there are.
    /// - Parameter path: of the request, whatever a proxy may have put before it.
    package func message(of path: String, at now: WallClockTime) -> MessageIdentifier? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            .suffix(4).map(String.init)
        guard parts.count == 4, parts[0] == LinkSigner.mark, parts[2].utf8.count <= 18,
            let expected = try? signature(parts[1], parts[2]),
            MessageAuthentication.isSame(expected.utf8, parts[3].utf8),
            let seconds = Int64(parts[2]), seconds > now.nanoseconds / 1_000_000_000
        else { return nil }
        return MessageIdentifier(parts[1])
    }

    /// In the alphabet of RFC 4648 §5, without padding.
    private func signature(_ id: String, _ seconds: String) throws(MailError) -> String {
        let code = try MessageAuthentication.code(
            Array("intermezzo link 1\n\(id)\n\(seconds)".utf8), key: key)
        return Digest.base64(code).replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
