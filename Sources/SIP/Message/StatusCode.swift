/// A response's status code, 100 to 699 (RFC 3261 §7.2 and the IANA registry).
package struct StatusCode: Hashable, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByIntegerLiteral
{
    package let value: UInt16

    /// - Returns: nil outside 100...699.
    @inlinable
    package init?(_ value: some BinaryInteger) {
        guard value >= 100, value <= 699 else { return nil }
        self.value = UInt16(truncatingIfNeeded: value)
    }

    /// A literal of our own; one outside 100...699 is a programming error.
    @inlinable
    package init(integerLiteral value: UInt16) {
        precondition((100...699).contains(value), "no such status code")
        self.value = value
    }

    @inlinable
    package static func < (a: StatusCode, b: StatusCode) -> Bool { a.value < b.value }

    /// The first digit.
    @inlinable package var category: Int { Int(value) / 100 }
    @inlinable package var isProvisional: Bool { value < 200 }
    @inlinable package var isFinal: Bool { value >= 200 }
    @inlinable package var isSuccess: Bool { category == 2 }
    @inlinable package var isRedirection: Bool { category == 3 }

    package var description: String { String(value) }
}

extension StatusCode {
    @inlinable package static var trying: StatusCode { 100 }
    @inlinable package static var ringing: StatusCode { 180 }
    @inlinable package static var callIsBeingForwarded: StatusCode { 181 }
    @inlinable package static var queued: StatusCode { 182 }
    @inlinable package static var sessionProgress: StatusCode { 183 }
    @inlinable package static var earlyDialogTerminated: StatusCode { 199 }
    @inlinable package static var ok: StatusCode { 200 }
    @inlinable package static var accepted: StatusCode { 202 }
    @inlinable package static var noNotification: StatusCode { 204 }
    @inlinable package static var multipleChoices: StatusCode { 300 }
    @inlinable package static var movedPermanently: StatusCode { 301 }
    @inlinable package static var movedTemporarily: StatusCode { 302 }
    @inlinable package static var useProxy: StatusCode { 305 }
    @inlinable package static var alternativeService: StatusCode { 380 }
    @inlinable package static var badRequest: StatusCode { 400 }
    @inlinable package static var unauthorized: StatusCode { 401 }
    @inlinable package static var paymentRequired: StatusCode { 402 }
    @inlinable package static var forbidden: StatusCode { 403 }
    @inlinable package static var notFound: StatusCode { 404 }
    @inlinable package static var methodNotAllowed: StatusCode { 405 }
    @inlinable package static var notAcceptable: StatusCode { 406 }
    @inlinable package static var proxyAuthenticationRequired: StatusCode { 407 }
    @inlinable package static var requestTimeout: StatusCode { 408 }
    @inlinable package static var gone: StatusCode { 410 }
    @inlinable package static var conditionalRequestFailed: StatusCode { 412 }
    @inlinable package static var requestEntityTooLarge: StatusCode { 413 }
    @inlinable package static var requestURITooLong: StatusCode { 414 }
    @inlinable package static var unsupportedMediaType: StatusCode { 415 }
    @inlinable package static var unsupportedURIScheme: StatusCode { 416 }
    @inlinable package static var unknownResourcePriority: StatusCode { 417 }
    @inlinable package static var badExtension: StatusCode { 420 }
    @inlinable package static var extensionRequired: StatusCode { 421 }
    @inlinable package static var sessionIntervalTooSmall: StatusCode { 422 }
    @inlinable package static var intervalTooBrief: StatusCode { 423 }
    @inlinable package static var useIdentityHeader: StatusCode { 428 }
    @inlinable package static var provideReferrerIdentity: StatusCode { 429 }
    @inlinable package static var flowFailed: StatusCode { 430 }
    @inlinable package static var anonymityDisallowed: StatusCode { 433 }
    @inlinable package static var badIdentityInfo: StatusCode { 436 }
    @inlinable package static var unsupportedCredential: StatusCode { 437 }
    @inlinable package static var invalidIdentityHeader: StatusCode { 438 }
    @inlinable package static var firstHopLacksOutboundSupport: StatusCode { 439 }
    @inlinable package static var badInfoPackage: StatusCode { 469 }
    @inlinable package static var temporarilyUnavailable: StatusCode { 480 }
    @inlinable package static var callOrTransactionDoesNotExist: StatusCode { 481 }
    @inlinable package static var loopDetected: StatusCode { 482 }
    @inlinable package static var tooManyHops: StatusCode { 483 }
    @inlinable package static var addressIncomplete: StatusCode { 484 }
    @inlinable package static var ambiguous: StatusCode { 485 }
    @inlinable package static var busyHere: StatusCode { 486 }
    @inlinable package static var requestTerminated: StatusCode { 487 }
    @inlinable package static var notAcceptableHere: StatusCode { 488 }
    @inlinable package static var badEvent: StatusCode { 489 }
    @inlinable package static var requestPending: StatusCode { 491 }
    @inlinable package static var undecipherable: StatusCode { 493 }
    @inlinable package static var securityAgreementRequired: StatusCode { 494 }
    @inlinable package static var serverInternalError: StatusCode { 500 }
    @inlinable package static var notImplemented: StatusCode { 501 }
    @inlinable package static var badGateway: StatusCode { 502 }
    @inlinable package static var serviceUnavailable: StatusCode { 503 }
    @inlinable package static var serverTimeout: StatusCode { 504 }
    @inlinable package static var versionNotSupported: StatusCode { 505 }
    @inlinable package static var messageTooLarge: StatusCode { 513 }
    @inlinable package static var pushNotificationServiceNotSupported: StatusCode { 555 }
    @inlinable package static var preconditionFailure: StatusCode { 580 }
    @inlinable package static var busyEverywhere: StatusCode { 600 }
    @inlinable package static var decline: StatusCode { 603 }
    @inlinable package static var doesNotExistAnywhere: StatusCode { 604 }
    @inlinable package static var notAcceptableAnywhere: StatusCode { 606 }
    @inlinable package static var unwanted: StatusCode { 607 }
    @inlinable package static var rejected: StatusCode { 608 }

    /// Whether somebody defined this very code.
    package var isRegistered: Bool {
        let undefined = StatusCode(integerLiteral: UInt16(100 * category + 98))
        return value == 183 || value % 100 == 0 || phrase != undefined.phrase
    }

    /// The registered reason phrase; for an unregistered code that of its category.
    package var phrase: String {
        switch value {
        case 100: "Trying"
        case 180: "Ringing"
        case 181: "Call Is Being Forwarded"
        case 182: "Queued"
        case 183: "Session Progress"
        case 199: "Early Dialog Terminated"
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Notification"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Moved Temporarily"
        case 305: "Use Proxy"
        case 380: "Alternative Service"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 410: "Gone"
        case 412: "Conditional Request Failed"
        case 413: "Request Entity Too Large"
        case 414: "Request-URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Unsupported URI Scheme"
        case 417: "Unknown Resource-Priority"
        case 420: "Bad Extension"
        case 421: "Extension Required"
        case 422: "Session Interval Too Small"
        case 423: "Interval Too Brief"
        case 428: "Use Identity Header"
        case 429: "Provide Referrer Identity"
        case 430: "Flow Failed"
        case 433: "Anonymity Disallowed"
        case 436: "Bad Identity Info"
        case 437: "Unsupported Credential"
        case 438: "Invalid Identity Header"
        case 439: "First Hop Lacks Outbound Support"
        case 469: "Bad Info Package"
        case 480: "Temporarily Unavailable"
        case 481: "Call/Transaction Does Not Exist"
        case 482: "Loop Detected"
        case 483: "Too Many Hops"
        case 484: "Address Incomplete"
        case 485: "Ambiguous"
        case 486: "Busy Here"
        case 487: "Request Terminated"
        case 488: "Not Acceptable Here"
        case 489: "Bad Event"
        case 491: "Request Pending"
        case 493: "Undecipherable"
        case 494: "Security Agreement Required"
        case 500: "Server Internal Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Server Time-out"
        case 505: "Version Not Supported"
        case 513: "Message Too Large"
        case 555: "Push Notification Service Not Supported"
        case 580: "Precondition Failure"
        case 600: "Busy Everywhere"
        case 603: "Decline"
        case 604: "Does Not Exist Anywhere"
        case 606: "Not Acceptable"
        case 607: "Unwanted"
        case 608: "Rejected"
        case ..<200: "Session Progress"
        case ..<300: "OK"
        case ..<400: "Multiple Choices"
        case ..<500: "Bad Request"
        case ..<600: "Server Internal Error"
        default: "Busy Everywhere"
        }
    }
}
