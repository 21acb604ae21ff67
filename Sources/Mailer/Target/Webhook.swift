internal import CCrypto
internal import CCurl
internal import FoundationEssentials
internal import Primitives
internal import Spool

/// Tells an HTTP server of a message: POST of JSON, signed with HMAC-SHA256 where there is a key.
enum Webhook {
    /// The body: what is known of the message, without its sound.
    static func body(_ envelope: Envelope) -> [UInt8] {
        struct Body: Encodable {
            var id: String
            var user: String
            var called: String
            var callerNumber: String?
            var callerName: String?
            var callerURI: String
            var reason: String
            var began: String
            var seconds: Double
            var urgent: Bool
            var messageID: String
        }
        let seconds = Double(envelope.samples ?? 0) / Double(max(1, envelope.sampleRate))
        let began = Date(timeIntervalSince1970: Double(envelope.began.nanoseconds) / 1e9)
        return Array(
            Spool.encoded(
                Body(
                    id: "\(envelope.id)", user: envelope.addressee.user, called: envelope.called,
                    callerNumber: envelope.caller.number,
                    callerName: envelope.caller.displayName, callerURI: envelope.caller.uri,
                    reason: envelope.reason.rawValue, began: began.formatted(.iso8601),
                    seconds: (seconds * 1000).rounded() / 1000, urgent: envelope.isUrgent,
                    messageID: envelope.messageID)))
    }

    /// - Parameter id: sent as Idempotency-Key, by which a server knows what is told again.
    static func post(
        _ body: [UInt8], id: MessageIdentifier, to url: String, key: [UInt8]?, timeout: Interval
    ) -> TransactionOutcome {
        do throws(CurlError) {
            let handle = try CurlHandle()
            handle.reset()
            handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
            handle.set(CURLOPT_URL, url)
            handle.set(CURLOPT_POST, 1)
            handle.set(CURLOPT_POSTFIELDSIZE_LARGE, octets: body.count)
            handle.set(CURLOPT_TIMEOUT_MS, Int(timeout.nanoseconds / 1_000_000))
            var headers = [
                "Content-Type: application/json", "Expect:", "Idempotency-Key: \(id)",
            ]
            if let key, let code = signature(body, key) {
                headers.append("X-Intermezzo-Signature: sha256=\(code)")
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

    /// HMAC-SHA256 in hexadecimal digits (RFC 2104); nil when OpenSSL refuses.
    static func signature(_ body: [UInt8], _ key: [UInt8]) -> String? {
        var code = [UInt8](repeating: 0, count: 32)
        var count = 0
        guard
            EVP_Q_mac(
                nil, "HMAC", nil, "SHA256", nil, key, key.count, body, body.count, &code,
                code.count, &count) != nil, count == code.count
        else { return nil }
        return code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
