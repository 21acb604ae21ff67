package import Primitives

/// A `c=` line: where media is to be sent (RFC 8866 §5.7).
package struct Connection: Hashable, Sendable {
    package enum Host: Hashable, Sendable {
        case address(IPAddress)
        /// A host's name, or an address of a kind that isn't known here.
        case name(String)
    }

    package var host: Host
    /// Given with an IPv4 multicast address.
    package var ttl: UInt8?
    /// How many multicast addresses from the first on.
    package var count: Int
    /// Network and address type of a name, as written.
    private var kind = "IN IP4"

    package init(_ address: IPAddress, ttl: UInt8? = nil, count: Int = 1) {
        host = .address(address)
        self.ttl = ttl
        self.count = count
    }

    /// Reads what stands after `c=`.
    init?(line: Substring) {
        let words = line.words
        guard words.count >= 3 else { return nil }
        let parts = words[2].parts(UInt8(ascii: "/"))
        guard let first = parts.first, !first.isEmpty else { return nil }
        count = 1
        guard words[0].isSame(as: "IN"), let address = IPAddress(first) else {
            host = .name(String(first))
            kind = "\(words[0]) \(words[1])"
            return
        }
        // The address decides over IP4 or IP6: phones that mix them up mean what they wrote.
        host = .address(address)
        var rest = parts.dropFirst()
        if !address.isIPv6, let text = rest.popFirst() {
            guard let ttl = text.number(as: UInt8.self) else { return nil }
            self.ttl = ttl
        }
        if let text = rest.popFirst() {
            guard let count = text.number(as: UInt16.self), count > 0 else { return nil }
            self.count = Int(count)
        }
        guard rest.isEmpty else { return nil }
    }

    /// The address; nil for a name.
    // Kept out of line, this and `isNowhere`: inlined, Swift 6.3.1 crashes on callers with -O.
    @inline(never)
    package var address: IPAddress? {
        if case .address(let address) = host { address } else { nil }
    }

    /// The old sign for hold: 0.0.0.0, ::, or a name under `.invalid`
    /// (RFC 3264 §8.4, RFC 6337 §5.3): neither RTP nor RTCP is sent there.
    @inline(never)
    package var isNowhere: Bool {
        switch host {
        case .address(let address): address.isUnspecified
        case .name(let name):
            name[...].parts(UInt8(ascii: ".")).last?.isSame(as: "invalid") ?? false
        }
    }

    var line: String {
        switch host {
        case .name(let name): return "\(kind) \(name)"
        case .address(let address):
            var text = "IN \(address.isIPv6 ? "IP6" : "IP4") \(address)"
            if let ttl { text += "/\(ttl)" }
            if count > 1 { text += "/\(count)" }
            return text
        }
    }
}
