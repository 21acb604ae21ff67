package import AudioLibrary
package import MediaEngine
package import MusicOnHold
package import Primitives
package import UserAgent

/// Everything that `Config/intermezzo.yaml` says, checked, with defaults where it says nothing.
package struct Configuration: Sendable {
    package enum LogFormat: Sendable { case auto, text, json, journald }

    package struct Node: Sendable, Equatable {
        package var name = "host1"
        /// Unique unicast address, put in Contact, Via and SDP.
        package var address = IPAddress.loopbackV4
    }

    package struct Anycast: Sendable, Equatable {
        package var address: IPAddress?
        package var interface = "anycast0"
    }

    package struct SIP: Sendable, Equatable {
        package var listen: [ListenAddress] = []
        package var redirects = false
        package var maximumCalls = 10_000
        package var retryAfter = 10
        /// Offered as Session-Expires, and the least that is taken (RFC 4028).
        package var sessionExpires: Interval = .seconds(1800)
        package var minimumSessionExpires: Interval = .seconds(90)
        package var maximumMessage = 65_535
        package var limits = TransportLimits()
        package var drain: Interval = .seconds(10)
        /// Networks whose P-Asserted-Identity is believed (RFC 3325).
        package var trustedNetworks: [IPNetwork] = []
    }

    package var file: String
    /// What works and is hardly meant, in the order of the file's lines.
    package var warnings: [ConfigurationFault] = []
    package var site = "main"
    package var domain = "example.com"
    package var node = Node()
    package var anycast = Anycast()
    package var sip = SIP()
    package var rtp = MediaEngineConfiguration()
    package var audio: AudioLibraryConfiguration
    package var music = MusicOnHoldConfiguration()
    package var voicemail = Voicemail()
    package var mail = Mail()
    package var directory = Directory()
    package var location = "var/location.sqlite"
    package var admin: Endpoint?
    package var logLevel = "info"
    package var logFormat = LogFormat.auto
}
