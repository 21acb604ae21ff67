/// Session-Expires: the session interval and who refreshes (RFC 4028 §4).
package struct SessionExpires: Hashable, Sendable, CustomStringConvertible {
    package enum Refresher: String, Sendable { case uac, uas }

    /// Seconds.
    package var interval: UInt32
    package var refresher: Refresher?

    package init(_ interval: UInt32, refresher: Refresher? = nil) {
        self.interval = interval
        self.refresher = refresher
    }

    package var description: String {
        "\(interval)" + (refresher.map { ";refresher=\($0.rawValue)" } ?? "")
    }
}
