/// What two user agents know of each other (RFC 3261 §12), and the requests that follow from it.
package struct Dialog: Sendable {
    package let callID: String
    package let localTag: String
    /// Empty for a peer of RFC 2543, which may send none.
    package let remoteTag: String
    /// From of our requests, with the tag.
    package let local: NameAddress
    /// To of our requests, with the tag.
    package let remote: NameAddress
    /// Contact of our requests.
    package let contact: URI
    /// The proxies in between, nearest first. Never changes.
    package let routes: [NameAddress]
    /// Where our requests go in the end: the peer's last Contact.
    package private(set) var remoteTarget: URI
    /// CSeq of our last request.
    package private(set) var localSequence: UInt32
    /// CSeq of the peer's last request.
    package private(set) var remoteSequence: UInt32?
    /// A 2xx has made it a confirmed one; before, it is early.
    package var isConfirmed = false

    /// The dialog of an INVITE that came in (RFC 3261 §12.1.1).
    ///
    /// - Parameter localTag: what our responses add to To.
    package init(incoming request: Request, localTag: String, contact: URI) throws(HeaderError) {
        let from = try request.headers.from
        var to = try request.headers.to
        to.tag = localTag
        callID = request.headers.callID ?? ""
        self.localTag = localTag
        remoteTag = from.tag ?? ""
        local = to
        remote = from
        self.contact = contact
        routes = try request.headers.recordRoutes
        // RFC 2543 allowed an INVITE without Contact: then From is all that is known.
        remoteTarget = try request.headers.contacts.list.first?.uri ?? from.uri
        localSequence = 0
        remoteSequence = try request.headers.cseq.number
    }

    /// The dialog that a response to our INVITE makes (RFC 3261 §12.1.2).
    package init(
        outgoing request: Request, response: Response, contact: URI
    ) throws(HeaderError) {
        local = try request.headers.from
        remote = try response.headers.to
        callID = request.headers.callID ?? ""
        localTag = local.tag ?? ""
        remoteTag = remote.tag ?? ""
        self.contact = contact
        // The call stands whatever the 2xx looks like: what can't be read is done without.
        routes = ((try? response.headers.recordRoutes) ?? []).reversed()
        remoteTarget = (try? response.headers.firstContact)?.uri ?? request.requestURI
        localSequence = try request.headers.cseq.number
        remoteSequence = nil
    }

    /// The peer's new Contact, when a request or 2xx that refreshes the target is accepted
    /// (RFC 3261 §12.2). The routes stay.
    package mutating func refreshTarget(from headers: Headers) {
        if let uri = try? headers.contacts.list.first?.uri { remoteTarget = uri }
    }

    /// Takes note of the peer's CSeq.
    /// - Returns: false when the request is out of order: 500 (RFC 3261 §12.2.2).
    package mutating func accept(sequence: UInt32) -> Bool {
        if let remoteSequence, sequence <= remoteSequence { return false }
        remoteSequence = sequence
        return true
    }

    /// Our next request other than ACK and CANCEL (RFC 3261 §12.2.1.1), without Via.
    package mutating func request(_ method: Method) -> Request {
        request(method, sequence: nextSequence())
    }

    /// The CSeq of our next request.
    package mutating func nextSequence() -> UInt32 {
        localSequence &+= 1
        return localSequence
    }

    /// The confirmed dialog goes on counting where the early one of the same fork was.
    package mutating func continueSequences(of early: Dialog) {
        localSequence = max(localSequence, early.localSequence)
        remoteSequence = early.remoteSequence ?? remoteSequence
    }

    /// The ACK of a 2xx to the INVITE with this CSeq (RFC 3261 §13.2.2.4), without Via.
    package func acknowledgement(of sequence: UInt32) -> Request {
        request(.ack, sequence: sequence)
    }

    /// Where the next request goes first: the URI that RFC 3263 is applied to.
    package var nextHop: URI { routes.first?.uri ?? remoteTarget }

    private func request(_ method: Method, sequence: UInt32) -> Request {
        var target = remoteTarget
        var route = routes
        if let first = routes.first, !first.uri.isLooseRouter {
            // A strict router expects itself in the Request-URI and the target last in Route.
            target = Dialog.requestURI(first.uri)
            route = Array(routes.dropFirst()) + [NameAddress(remoteTarget)]
        } else {
            target = Dialog.requestURI(remoteTarget)
        }
        var headers = Headers()
        for hop in route { headers.append(.route, hop.description) }
        headers.append(.maxForwards, "70")
        headers.append(.from, local.description)
        headers.append(.to, remote.description)
        headers.append(.callID, callID)
        headers.append(.cseq, "\(sequence) \(method)")
        return Request(method: method, requestURI: target, headers: headers, body: [])
    }

    /// A URI without what a Request-URI may not have (RFC 3261 §19.1.1 table 1).
    private static func requestURI(_ uri: URI) -> URI {
        guard uri.scheme.isSIP, uri.headers != nil || uri.parameters.contains("method") else {
            return uri
        }
        var uri = uri
        uri.headers = nil
        uri.parameters.remove("method")
        return uri
    }
}
