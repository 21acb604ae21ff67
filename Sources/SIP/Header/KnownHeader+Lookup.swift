// The octets of a name with bit 5 set (which makes ASCII letters small and leaves digits and `-`
// alone), packed eight to a word with the first lowest, are compared as numbers: no table, no loop.
// HeaderNameTests proves every constant against `KnownHeader.text`.

extension KnownHeader {
    /// - Parameters: the name's first, second and third eight octets, zero beyond its end.
    @inlinable
    static func find(_ first: UInt64, _ second: UInt64, _ third: UInt64) -> KnownHeader {
        if second == 0 {
            switch first {
            case 0x61: return .acceptContact  // a
            case 0x62: return .referredBy  // b
            case 0x63: return .contentType  // c
            case 0x64: return .requestDisposition  // d
            case 0x65: return .contentEncoding  // e
            case 0x66: return .from  // f
            case 0x69: return .callID  // i
            case 0x6a: return .rejectContact  // j
            case 0x6b: return .supported  // k
            case 0x6c: return .contentLength  // l
            case 0x6d: return .contact  // m
            case 0x6f: return .event  // o
            case 0x72: return .referTo  // r
            case 0x73: return .subject  // s
            case 0x74: return .to  // t
            case 0x75: return .allowEvents  // u
            case 0x76: return .via  // v
            case 0x78: return .sessionExpires  // x
            case 0x79: return .identity  // y
            case 0x6f74: return .to  // To
            case 0x616976: return .via  // Via
            case 0x71657363: return .cseq  // CSeq
            case 0x65746164: return .date  // Date
            case 0x6d6f7266: return .from  // From
            case 0x6e696f6a: return .join  // Join
            case 0x68746170: return .path  // Path
            case 0x6b636172: return .rack  // RAck
            case 0x71657372: return .rseq  // RSeq
            case 0x776f6c6c61: return .allow  // Allow
            case 0x746e657665: return .event  // Event
            case 0x6574756f72: return .route  // Route
            case 0x747065636361: return .accept  // Accept
            case 0x65732d6e696d: return .minSE  // Min-SE
            case 0x6e6f73616572: return .reason  // Reason
            case 0x726576726573: return .server  // Server
            case 0x64692d6c6c6163: return .callID  // Call-ID
            case 0x746361746e6f63: return .contact  // Contact
            case 0x73657269707865: return .expires  // Expires
            case 0x79636176697270: return .privacy  // Privacy
            case 0x65726975716572: return .require  // Require
            case 0x7463656a627573: return .subject  // Subject
            case 0x676e696e726177: return .warning  // Warning
            case 0x797469746e656469: return .identity  // Identity
            case 0x797469726f697270: return .priority  // Priority
            case 0x6f742d7265666572: return .referTo  // Refer-To
            case 0x736563616c706572: return .replaces  // Replaces
            case 0x6f742d796c706572: return .replyTo  // Reply-To
            case 0x676174652d706973: return .sipETag  // SIP-ETag
            default: return .other
            }
        }
        if third == 0 {
            switch (first, second) {
            case (0x666e692d6c6c6163, 0x6f): return .callInfo  // Call-Info
            case (0x6f69737265766964, 0x6e): return .diversion  // Diversion
            case (0x666e692d76636572, 0x6f): return .recvInfo  // Recv-Info
            case (0x6574726f70707573, 0x64): return .supported  // Supported
            case (0x6d617473656d6974, 0x70): return .timestamp  // Timestamp
            case (0x6e692d7472656c61, 0x6f66): return .alertInfo  // Alert-Info
            case (0x6e692d726f727265, 0x6f66): return .errorInfo  // Error-Info
            case (0x6567612d72657375, 0x746e): return .userAgent  // User-Agent
            case (0x796c7065722d6e69, 0x6f742d): return .inReplyTo  // In-Reply-To
            case (0x697078652d6e696d, 0x736572): return .minExpires  // Min-Expires
            case (0x6465727265666572, 0x79622d): return .referredBy  // Referred-By
            case (0x66612d7972746572, 0x726574): return .retryAfter  // Retry-After
            case (0x726f707075736e75, 0x646574): return .unsupported  // Unsupported
            case (0x76652d776f6c6c61, 0x73746e65): return .allowEvents  // Allow-Events
            case (0x2d746e65746e6f63, 0x65707974): return .contentType  // Content-Type
            case (0x2d79726f74736968, 0x6f666e69): return .historyInfo  // History-Info
            case (0x6361702d6f666e69, 0x6567616b): return .infoPackage  // Info-Package
            case (0x7265762d656d696d, 0x6e6f6973): return .mimeVersion  // MIME-Version
            case (0x77726f662d78616d, 0x73647261): return .maxForwards  // Max-Forwards
            case (0x617a696e6167726f, 0x6e6f6974): return .organization  // Organization
            case (0x722d64726f636572, 0x6574756f): return .recordRoute  // Record-Route
            case (0x6d2d66692d706973, 0x68637461): return .sipIfMatch  // SIP-If-Match
            case (0x7a69726f68747561, 0x6e6f697461): return .authorization  // Authorization
            case (0x65722d79786f7270, 0x6572697571): return .proxyRequire  // Proxy-Require
            case (0x2d65636976726573, 0x6574756f72): return .serviceRoute  // Service-Route
            case (0x632d747065636361, 0x746361746e6f): return .acceptContact  // Accept-Contact
            case (0x2d746e65746e6f63, 0x6874676e656c): return .contentLength  // Content-Length
            case (0x632d7463656a6572, 0x746361746e6f): return .rejectContact  // Reject-Contact
            case (0x652d747065636361, 0x676e69646f636e): return .acceptEncoding  // Accept-Encoding
            case (0x6c2d747065636361, 0x65676175676e61): return .acceptLanguage  // Accept-Language
            case (0x702d65746f6d6572, 0x64692d79747261): return .remotePartyID  // Remote-Party-ID
            case (0x2d6e6f6973736573, 0x73657269707865): return .sessionExpires  // Session-Expires
            // Content-Encoding
            case (0x2d746e65746e6f63, 0x676e69646f636e65): return .contentEncoding
            // Content-Language
            case (0x2d746e65746e6f63, 0x65676175676e616c): return .contentLanguage
            // WWW-Authenticate
            case (0x687475612d777777, 0x6574616369746e65): return .wwwAuthenticate
            default: return .other
            }
        }
        switch (first, second, third) {
        // Proxy-Authenticate
        case (0x75612d79786f7270, 0x616369746e656874, 0x6574): return .proxyAuthenticate
        // Subscription-State
        case (0x7069726373627573, 0x6174732d6e6f6974, 0x6574): return .subscriptionState
        // Authentication-Info
        case (0x69746e6568747561, 0x692d6e6f69746163, 0x6f666e): return .authenticationInfo
        // Content-Disposition
        case (0x2d746e65746e6f63, 0x7469736f70736964, 0x6e6f69): return .contentDisposition
        // P-Asserted-Identity
        case (0x7472657373612d70, 0x746e6564692d6465, 0x797469): return .pAssertedIdentity
        // Proxy-Authorization
        case (0x75612d79786f7270, 0x74617a69726f6874, 0x6e6f69): return .proxyAuthorization
        // Request-Disposition
        case (0x2d74736575716572, 0x7469736f70736964, 0x6e6f69): return .requestDisposition
        // P-Preferred-Identity
        case (0x7265666572702d70, 0x6e6564692d646572, 0x79746974): return .pPreferredIdentity
        default: return .other
        }
    }
}
