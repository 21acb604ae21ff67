package import Primitives

/// A call to make, or another request outside of any session.
package struct OutgoingCall: Sendable {
    /// Who answers to a challenge (RFC 3261 §22).
    package struct Credentials: Hashable, Sendable {
        package var user: String
        package var secret: DigestSecret
        package init(user: String, secret: DigestSecret) {
            self.user = user
            self.secret = secret
        }
    }

    /// Request-URI, and To without its parameters that To may not have.
    package var uri: URI
    /// Who calls; a tag is added.
    package var from: NameAddress
    /// Nil: the callee makes the offer, in its 2xx. For another request, its body.
    package var offer: MessageBody?
    /// The address of ours to call from; nil: the first that speaks the transport.
    package var local: IPAddress?
    /// Proxies to go through, the nearest first (RFC 3261 §8.1.2).
    package var routes: [URI] = []
    /// Nil: as the first URI to be resolved says, UDP without any word.
    package var transport: TransportProtocol?
    /// Further header fields of the INVITE.
    package var headers: [Rejection.Field] = []
    package var credentials: Credentials?
    /// Seconds of Session-Expires; nil: no session timer is asked for.
    package var sessionInterval: Int?
    /// Seconds of the INVITE's Expires; nil: none.
    package var expires: UInt32?

    package init(to uri: URI, from: NameAddress, offer: MessageBody?) {
        self.uri = uri
        self.from = from
        self.offer = offer
    }
}
