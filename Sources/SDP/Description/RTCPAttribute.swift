package import Primitives

/// `a=rtcp:` with a port and perhaps another address (RFC 3605 §2.1).
package struct RTCPAttribute: Hashable, Sendable {
    package var port: UInt16
    /// Nil when the address of the stream's `c=` holds.
    package var address: IPAddress?

    package init(port: UInt16, address: IPAddress? = nil) {
        self.port = port
        self.address = address
    }

    init?(line: Substring) {
        let words = line.words
        guard let port = words.first?.number(as: UInt16.self), port > 0 else { return nil }
        self.port = port
        if words.count >= 4 { address = IPAddress(words[3]) }
    }

    var text: String {
        guard let address else { return "\(port)" }
        return "\(port) IN \(address.isIPv6 ? "IP6" : "IP4") \(address)"
    }
}
