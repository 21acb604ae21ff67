/// What two requests of one server transaction have in common (RFC 3261 §17.2.3).
enum ServerTransactionKey: Hashable {
    /// The branch of an RFC 3261 peer, whose case we keep: by the letter of §7.3.1 it doesn't
    /// count, but there are peers that count in base 62, and none that changes a branch's case.
    case branch(String, Host, port: UInt16?, Method)
    /// A peer of RFC 2543, or a branch that is nothing but the cookie, which can't be unique. The
    /// tag of To is compared apart, since an ACK has the one of our response.
    case rfc2543(
        uri: String, fromTag: String?, callID: String, number: UInt32, Method, via: String)

    /// - Parameters:
    ///   - via: the topmost one, as it came.
    ///   - method: that of the transaction looked for: INVITE for an ACK or a CANCEL.
    init(_ request: Request, via: Via, method: Method) {
        if via.hasMagicCookie, let branch = via.branch {
            self = .branch(branch, via.host, port: via.port, method)
        } else {
            self = .rfc2543(
                uri: request.requestURI.description, fromTag: request.headers.tag(of: .from),
                callID: request.headers.callID ?? "",
                number: (try? request.headers.cseq)?.number ?? 0, method, via: via.description)
        }
    }

    var isRFC2543: Bool {
        if case .rfc2543 = self { true } else { false }
    }
}
