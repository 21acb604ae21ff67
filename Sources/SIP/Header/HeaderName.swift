/// The name of a header field: compares without regard to case, and a compact form is the same name
/// as the long one (RFC 3261 §7.3.1, §7.3.3).
package struct HeaderName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let known: KnownHeader
    /// The spelling of an `other` name; empty for a known one.
    @usableFromInline let spelling: String

    @inlinable
    package init(_ known: KnownHeader) {
        self.known = known
        spelling = ""
    }

    package init(_ name: String) {
        known = KnownHeader(name: Array(name.utf8)[...])
        spelling = known == .other ? name : ""
    }

    package init(stringLiteral name: String) { self.init(name) }

    /// The name as we write it.
    package var text: String { known == .other ? spelling : known.text }
    package var description: String { text }

    @inlinable
    package static func == (a: HeaderName, b: HeaderName) -> Bool {
        a.known == b.known
            && (a.known != .other || a.spelling.lowercased() == b.spelling.lowercased())
    }

    @inlinable
    package func hash(into hasher: inout Hasher) {
        hasher.combine(known)
        if known == .other { hasher.combine(spelling.lowercased()) }
    }
}

extension HeaderName {
    @inlinable package static var via: HeaderName { HeaderName(.via) }
    @inlinable package static var from: HeaderName { HeaderName(.from) }
    @inlinable package static var to: HeaderName { HeaderName(.to) }
    @inlinable package static var callID: HeaderName { HeaderName(.callID) }
    @inlinable package static var cseq: HeaderName { HeaderName(.cseq) }
    @inlinable package static var maxForwards: HeaderName { HeaderName(.maxForwards) }
    @inlinable package static var contact: HeaderName { HeaderName(.contact) }
    @inlinable package static var contentLength: HeaderName { HeaderName(.contentLength) }
    @inlinable package static var contentType: HeaderName { HeaderName(.contentType) }
    @inlinable package static var route: HeaderName { HeaderName(.route) }
    @inlinable package static var recordRoute: HeaderName { HeaderName(.recordRoute) }
    @inlinable package static var require: HeaderName { HeaderName(.require) }
    @inlinable package static var supported: HeaderName { HeaderName(.supported) }
    @inlinable package static var proxyRequire: HeaderName { HeaderName(.proxyRequire) }
    @inlinable package static var unsupported: HeaderName { HeaderName(.unsupported) }
    @inlinable package static var allow: HeaderName { HeaderName(.allow) }
    @inlinable package static var expires: HeaderName { HeaderName(.expires) }
    @inlinable package static var minExpires: HeaderName { HeaderName(.minExpires) }
    @inlinable package static var sessionExpires: HeaderName { HeaderName(.sessionExpires) }
    @inlinable package static var minSE: HeaderName { HeaderName(.minSE) }
    @inlinable package static var rack: HeaderName { HeaderName(.rack) }
    @inlinable package static var rseq: HeaderName { HeaderName(.rseq) }
    @inlinable package static var reason: HeaderName { HeaderName(.reason) }
    @inlinable package static var replaces: HeaderName { HeaderName(.replaces) }
    @inlinable package static var referTo: HeaderName { HeaderName(.referTo) }
    @inlinable package static var referredBy: HeaderName { HeaderName(.referredBy) }
    @inlinable package static var historyInfo: HeaderName { HeaderName(.historyInfo) }
    @inlinable package static var diversion: HeaderName { HeaderName(.diversion) }
    @inlinable package static var pAssertedIdentity: HeaderName { HeaderName(.pAssertedIdentity) }
    @inlinable package static var pPreferredIdentity: HeaderName { HeaderName(.pPreferredIdentity) }
    @inlinable package static var privacy: HeaderName { HeaderName(.privacy) }
    @inlinable package static var retryAfter: HeaderName { HeaderName(.retryAfter) }
    @inlinable package static var warning: HeaderName { HeaderName(.warning) }
    @inlinable package static var accept: HeaderName { HeaderName(.accept) }
    @inlinable package static var acceptEncoding: HeaderName { HeaderName(.acceptEncoding) }
    @inlinable package static var acceptLanguage: HeaderName { HeaderName(.acceptLanguage) }
    @inlinable package static var allowEvents: HeaderName { HeaderName(.allowEvents) }
    @inlinable package static var event: HeaderName { HeaderName(.event) }
    @inlinable package static var contentDisposition: HeaderName { HeaderName(.contentDisposition) }
    @inlinable package static var contentEncoding: HeaderName { HeaderName(.contentEncoding) }
    @inlinable package static var contentLanguage: HeaderName { HeaderName(.contentLanguage) }
    @inlinable package static var date: HeaderName { HeaderName(.date) }
    @inlinable package static var userAgent: HeaderName { HeaderName(.userAgent) }
    @inlinable package static var server: HeaderName { HeaderName(.server) }
    @inlinable package static var identity: HeaderName { HeaderName(.identity) }
    @inlinable package static var subject: HeaderName { HeaderName(.subject) }
    @inlinable package static var timestamp: HeaderName { HeaderName(.timestamp) }
    @inlinable package static var organization: HeaderName { HeaderName(.organization) }
    @inlinable package static var priority: HeaderName { HeaderName(.priority) }
    @inlinable package static var authorization: HeaderName { HeaderName(.authorization) }
    @inlinable package static var proxyAuthorization: HeaderName { HeaderName(.proxyAuthorization) }
    @inlinable package static var wwwAuthenticate: HeaderName { HeaderName(.wwwAuthenticate) }
    @inlinable package static var proxyAuthenticate: HeaderName { HeaderName(.proxyAuthenticate) }
    @inlinable package static var authenticationInfo: HeaderName { HeaderName(.authenticationInfo) }
    @inlinable package static var alertInfo: HeaderName { HeaderName(.alertInfo) }
    @inlinable package static var callInfo: HeaderName { HeaderName(.callInfo) }
    @inlinable package static var errorInfo: HeaderName { HeaderName(.errorInfo) }
    @inlinable package static var inReplyTo: HeaderName { HeaderName(.inReplyTo) }
    @inlinable package static var mimeVersion: HeaderName { HeaderName(.mimeVersion) }
    @inlinable package static var replyTo: HeaderName { HeaderName(.replyTo) }
    @inlinable package static var path: HeaderName { HeaderName(.path) }
    @inlinable package static var serviceRoute: HeaderName { HeaderName(.serviceRoute) }
    @inlinable package static var subscriptionState: HeaderName { HeaderName(.subscriptionState) }
    @inlinable package static var join: HeaderName { HeaderName(.join) }
    @inlinable package static var acceptContact: HeaderName { HeaderName(.acceptContact) }
    @inlinable package static var rejectContact: HeaderName { HeaderName(.rejectContact) }
    @inlinable package static var requestDisposition: HeaderName { HeaderName(.requestDisposition) }
    @inlinable package static var sipETag: HeaderName { HeaderName(.sipETag) }
    @inlinable package static var sipIfMatch: HeaderName { HeaderName(.sipIfMatch) }
    @inlinable package static var infoPackage: HeaderName { HeaderName(.infoPackage) }
    @inlinable package static var recvInfo: HeaderName { HeaderName(.recvInfo) }
    @inlinable package static var remotePartyID: HeaderName { HeaderName(.remotePartyID) }
}
