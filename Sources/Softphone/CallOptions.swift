package import Primitives
package import SIP

/// What a test call is to do.
package struct CallOptions: Sendable {
    package var uri: URI
    package var from = NameAddress(URI(user: "intermezzo", host: "localhost"))
    /// Offered in this order.
    package var codecs: [PhoneCodec] = PhoneCodec.allCases
    /// Nil: as the URI says.
    package var transport: TransportProtocol?
    /// The address of ours to call from; nil: that which the way to the URI's host starts at.
    package var local: IPAddress?
    /// Hang up so long after the answer; nil: when the other side does, or `hangUp()`.
    package var duration: Interval?
    /// Give up when nobody has answered by then.
    package var answerLimit = Interval.seconds(32)
    /// Hold the other side so long after the answer, and resume `holdTime` later.
    package var holdAfter: Interval?
    package var holdTime = Interval.seconds(2)
    package var recordingPath: String?
    package var playPath: String?
    /// When it is played, from the answer on; nil: when the other side has been heard and falls
    /// silent. Without ``duration`` the call ends when it has been played.
    package var playAfter: Interval?

    package init(uri: URI) { self.uri = uri }
}
