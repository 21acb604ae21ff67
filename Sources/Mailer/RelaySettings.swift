package import Primitives

/// A server that takes mail.
package struct RelaySettings: Sendable, Equatable {
    package enum Scheme: String, Sendable { case smtp, smtps, lmtp }
    package enum TLS: String, Sendable { case required, optional, never }

    package enum Authentication: Sendable {
        /// The strongest that both sides know.
        case automatic
        case plain, login, cramMD5, xoauth2, oauthbearer
    }

    package enum Secret: Sendable, Equatable {
        case passwordFile(String)
        case tokenFile(String)
        /// Run by `/bin/sh`; prints the token.
        case tokenCommand(String)
    }

    package var scheme: Scheme
    /// A name or an address, without the brackets of IPv6.
    package var host: String
    package var port: UInt16
    /// Of STARTTLS. With `optional` the certificate isn't checked (RFC 7435), for which reason the
    /// configuration refuses it beside a user; where there is one all the same, it is `required`.
    package var tls = TLS.optional
    /// PEM; nil: the system's.
    package var caFile: String?
    package var user: String?
    package var secret: Secret?
    package var authentication = Authentication.automatic
    /// The lowest is tried first.
    package var priority = 10
    package var maximumConnections = 4
    /// Limit of each step of a delivery.
    package var timeout: Interval = .seconds(60)

    package init(scheme: Scheme = .smtp, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// As curl(1) and logs have it: `smtp://mail.example.com:587`.
    package var url: String {
        "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Whether nothing is sent before the server's certificate was found good.
    var checksCertificate: Bool { scheme == .smtps || tls == .required || user != nil }
}
