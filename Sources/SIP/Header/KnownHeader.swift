/// The header fields that this product names, as a small number: what comparing and finding cost.
///
/// `other` is any field not listed; it is told by its spelling.

package enum KnownHeader: UInt8, Sendable, CaseIterable {
    case other
    case via
    case from
    case to
    case callID
    case cseq
    case maxForwards
    case contact
    case contentLength
    case contentType
    case route
    case recordRoute
    case require
    case supported
    case proxyRequire
    case unsupported
    case allow
    case expires
    case minExpires
    case sessionExpires
    case minSE
    case rack
    case rseq
    case reason
    case replaces
    case referTo
    case referredBy
    case historyInfo
    case diversion
    case pAssertedIdentity
    case pPreferredIdentity
    case privacy
    case retryAfter
    case warning
    case accept
    case acceptEncoding
    case acceptLanguage
    case allowEvents
    case event
    case contentDisposition
    case contentEncoding
    case contentLanguage
    case date
    case userAgent
    case server
    case identity
    case subject
    case timestamp
    case organization
    case priority
    case authorization
    case proxyAuthorization
    case wwwAuthenticate
    case proxyAuthenticate
    case authenticationInfo
    case alertInfo
    case callInfo
    case errorInfo
    case inReplyTo
    case mimeVersion
    case replyTo
    case path
    case serviceRoute
    case subscriptionState
    case join
    case acceptContact
    case rejectContact
    case requestDisposition
    case sipETag
    case sipIfMatch
    case infoPackage
    case recvInfo
    case remotePartyID

    /// The name as we write it.
    package var text: String {
        switch self {
        case .other: ""
        case .via: "Via"
        case .from: "From"
        case .to: "To"
        case .callID: "Call-ID"
        case .cseq: "CSeq"
        case .maxForwards: "Max-Forwards"
        case .contact: "Contact"
        case .contentLength: "Content-Length"
        case .contentType: "Content-Type"
        case .route: "Route"
        case .recordRoute: "Record-Route"
        case .require: "Require"
        case .supported: "Supported"
        case .proxyRequire: "Proxy-Require"
        case .unsupported: "Unsupported"
        case .allow: "Allow"
        case .expires: "Expires"
        case .minExpires: "Min-Expires"
        case .sessionExpires: "Session-Expires"
        case .minSE: "Min-SE"
        case .rack: "RAck"
        case .rseq: "RSeq"
        case .reason: "Reason"
        case .replaces: "Replaces"
        case .referTo: "Refer-To"
        case .referredBy: "Referred-By"
        case .historyInfo: "History-Info"
        case .diversion: "Diversion"
        case .pAssertedIdentity: "P-Asserted-Identity"
        case .pPreferredIdentity: "P-Preferred-Identity"
        case .privacy: "Privacy"
        case .retryAfter: "Retry-After"
        case .warning: "Warning"
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptLanguage: "Accept-Language"
        case .allowEvents: "Allow-Events"
        case .event: "Event"
        case .contentDisposition: "Content-Disposition"
        case .contentEncoding: "Content-Encoding"
        case .contentLanguage: "Content-Language"
        case .date: "Date"
        case .userAgent: "User-Agent"
        case .server: "Server"
        case .identity: "Identity"
        case .subject: "Subject"
        case .timestamp: "Timestamp"
        case .organization: "Organization"
        case .priority: "Priority"
        case .authorization: "Authorization"
        case .proxyAuthorization: "Proxy-Authorization"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .authenticationInfo: "Authentication-Info"
        case .alertInfo: "Alert-Info"
        case .callInfo: "Call-Info"
        case .errorInfo: "Error-Info"
        case .inReplyTo: "In-Reply-To"
        case .mimeVersion: "MIME-Version"
        case .replyTo: "Reply-To"
        case .path: "Path"
        case .serviceRoute: "Service-Route"
        case .subscriptionState: "Subscription-State"
        case .join: "Join"
        case .acceptContact: "Accept-Contact"
        case .rejectContact: "Reject-Contact"
        case .requestDisposition: "Request-Disposition"
        case .sipETag: "SIP-ETag"
        case .sipIfMatch: "SIP-If-Match"
        case .infoPackage: "Info-Package"
        case .recvInfo: "Recv-Info"
        case .remotePartyID: "Remote-Party-ID"
        }
    }

    /// At most one field line with one value may be in a message (RFC 3261 §7.3.1).
    package var isSingle: Bool {
        switch self {
        case .from, .to, .callID, .cseq, .maxForwards, .contentLength, .contentType, .expires,
            .minExpires, .sessionExpires, .minSE, .rack, .rseq, .replaces, .referTo,
            .referredBy, .retryAfter, .event, .contentDisposition, .date, .userAgent, .server,
            .subject, .timestamp, .organization, .priority, .mimeVersion, .replyTo,
            .subscriptionState, .join, .sipETag, .sipIfMatch, .infoPackage:
            true
        default: false
        }
    }
}
