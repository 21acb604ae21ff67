package import MediaEngine
package import Playout
package import Primitives

/// What ``MusicOnHold`` is told by the operator; replaced whole at a reload.
package struct MusicOnHoldConfiguration: Sendable, Equatable {
    /// Where a caller of the class begins to hear.
    package enum Start: Sendable, Equatable {
        /// All callers hear the same moment.
        case live
        /// The beginning of the programme.
        case beginning
        /// Where this caller last stopped; positions are kept for `keep`.
        case resume(keep: Interval)
    }

    package struct Class: Sendable, Equatable {
        package var start: Start
        /// Groups that the class is sent to all the time, one for each codec.
        package var multicast: [MulticastParameters]

        package init(start: Start = .live, multicast: [MulticastParameters] = []) {
            self.start = start
            self.multicast = multicast
        }
    }

    /// Classes that are configured; what the media directory adds besides plays with defaults.
    package var classes: [String: Class] = [:]
    package var defaultClass = "default"
    /// Class by called number.
    package var called: [String: String] = [:]
    /// Formats to offer and accept, in order of preference.
    package var formats: [MediaFormat] = MediaFormat.allCases
    /// The node's own unicast addresses, the first of each family preferred: what media leaves
    /// from, and what Contact and session descriptions say.
    package var addresses: [IPAddress] = [.loopbackV4]
    /// Addresses that other nodes have too; a call to one of these may be redirected.
    package var anycast: Set<IPAddress> = []
    /// `sip.redirect: always`: a call to an anycast address gets 302 to the unicast address.
    package var redirects = false
    /// Networks that media goes to without proof, beside the source of the request.
    package var allowedNetworks = IPNetwork.privateNetworks
    /// Networks whose RTP is answered to where it comes from, whatever the description says.
    package var symmetricNetworks: [IPNetwork] = []
    /// Networks whose phones may ask for a class's multicast group instead of a stream.
    package var multicastNetworks: [IPNetwork] = []
    /// How long an unproven destination is sent to at the capped rate.
    package var proofTime: Interval = .seconds(5)
    /// How long a listener that sent RTCP may be silent before its call is ended.
    package var rtcpSilence: Interval = .seconds(120)
    /// Seconds in Retry-After when there is no room for another stream.
    package var retryAfter = 10

    package init() {}
}
