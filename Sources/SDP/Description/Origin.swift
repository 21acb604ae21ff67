package import Primitives

/// The `o=` line: who made the description, and which of its versions this is (RFC 8866 §5.2).
package struct Origin: Hashable, Sendable {
    package var userName: String
    /// A number that may be longer than 64 bits, so kept as text.
    package var sessionID: String
    package var sessionVersion: String
    /// `IP4` or `IP6` as written.
    package var addressType: String
    /// An address or a host's name; nothing is sent there.
    package var address: String

    package init(
        userName: String = "-", sessionID: String = "0", sessionVersion: String = "0",
        addressType: String = "IP4", address: String = "0.0.0.0"
    ) {
        self.userName = userName
        self.sessionID = sessionID
        self.sessionVersion = sessionVersion
        self.addressType = addressType
        self.address = address
    }

    package init(sessionID: UInt64, version: UInt64, address: IPAddress) {
        self.init(
            sessionID: String(sessionID), sessionVersion: String(version),
            addressType: address.isIPv6 ? "IP6" : "IP4", address: address.description)
    }

    /// Reads what stands after `o=`. Nothing depends on a peer's origin, so short lines,
    /// which some phones send, are filled up.
    init(line: Substring) {
        let words = line.words.map(String.init)
        self.init()
        // A user name must not hold blanks, yet some do: the other five are counted from the end.
        guard words.count >= 6 else {
            if let first = words.first { userName = first }
            return
        }
        let tail = words.suffix(5)
        userName = words.dropLast(5).joined(separator: "_")
        sessionID = tail[tail.startIndex]
        sessionVersion = tail[tail.startIndex + 1]
        addressType = tail[tail.startIndex + 3]
        address = tail[tail.startIndex + 4]
    }

    var line: String {
        "\(userName) \(sessionID) \(sessionVersion) IN \(addressType) \(address)"
    }
}
