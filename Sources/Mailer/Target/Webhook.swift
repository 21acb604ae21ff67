internal import CCurl
internal import FoundationEssentials
internal import Mail
internal import Primitives
internal import Spool

/// Tells an HTTP server of a message: POST of JSON, signed with HMAC-SHA256 where there is a key.
///
/// The header fields are those of the Standard Webhooks specification
/// (https://www.standardwebhooks.com), so that a receiver can use its libraries.
enum Webhook {
    struct KeyFailure: Error, CustomStringConvertible { let description: String }

    /// - Parameters:
    ///   - id: the same for each attempt, by which a server knows what is told again.
    ///   - key: nil: not signed.
    ///   - now: signed too, so that a server can refuse what somebody plays again.
    static func post(
        _ body: [UInt8], id: MessageIdentifier, to url: String, key: [UInt8]?,
        at now: WallClockTime, timeout: Interval
    ) -> TransactionOutcome {
        do throws(CurlError) {
            let handle = try CurlHandle()
            handle.reset()
            handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
            handle.set(CURLOPT_URL, url)
            handle.set(CURLOPT_POST, 1)
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, octets: body.count)
            handle.set(CURLOPT_TIMEOUT_MS, Int(timeout.nanoseconds / 1_000_000))
            let seconds = now.nanoseconds / 1_000_000_000
            var headers = [
                "Content-Type: application/json", "Expect:", "Idempotency-Key: \(id)",
                "webhook-id: \(id)", "webhook-timestamp: \(seconds)",
            ]
            if let key {
                guard let code = signature(body, id: id, seconds: seconds, key) else {
                    return .unusable(step: "signature", cause: "OpenSSL refuses")
                }
                headers.append("webhook-signature: \(code)")
            }
            let source = CurlSource(body)
            try handle.withList(CURLOPT_HTTPHEADER, headers) { () throws(CurlError) in
                try handle.perform(source)
            }
            let text = String(decoding: source.answer, as: UTF8.self)
                .unicodeScalars.filter { $0.value >= 0x20 }
            return outcome(
                SMTPReply(code: handle.responseCode, text: "\(String.UnicodeScalarView(text))"))
        } catch {
            return .unusable(step: "HTTP", cause: error.text)
        }
    }

    /// 2xx is success. Of the rest only what says that the request itself is wrong is final.
    static func outcome(_ reply: SMTPReply) -> TransactionOutcome {
        switch reply.code {
        case 200..<300: .answered([.accepted(reply)])
        case 400, 410, 413, 415, 422: .answered([.permanent(step: "HTTP", reply)])
        default: .answered([.temporary(step: "HTTP", reply)])
        }
    }

    /// The key in a file: base64 behind `whsec_`, else the octets without a line's end.
    ///
    /// It is read each time, so that a changed file needs no reload.
    static func key(inFileAt path: String) throws(KeyFailure) -> [UInt8] {
        guard var octets = FileManager.default.contents(atPath: path) else {
            throw KeyFailure(description: "the key \(path) can't be read")
        }
        while let last = octets.last, last == 10 || last == 13 { octets.removeLast() }
        let prefix = "whsec_"
        if octets.starts(with: prefix.utf8) {
            guard let key = Data(base64Encoded: octets.dropFirst(prefix.utf8.count)) else {
                throw KeyFailure(description: "the key \(path) is not base64 behind whsec_")
            }
            octets = key
        }
        guard octets.count >= 16 else {
            throw KeyFailure(description: "the key \(path) has fewer than 16 octets")
        }
        return Array(octets)
    }

    private static func signature(
        _ body: [UInt8], id: MessageIdentifier, seconds: Int64, _ key: [UInt8]
    ) -> String? {
        let said = Array("\(id).\(seconds).".utf8) + body
        guard let code = try? MessageAuthentication.code(said, key: key) else { return nil }
        return "v1,\(Data(code).base64EncodedString())"
    }
}
