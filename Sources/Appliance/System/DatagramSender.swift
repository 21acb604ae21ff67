internal import CDispatch  // Where its header comes first, it is the module of the structures of libc.
internal import Glibc

/// Sends datagrams to a local socket that may come and go (unix(7)), and never waits for it.
///
/// Not connected: a journal or service manager that was started again has a new socket at the path.
package final class DatagramSender: Sendable {
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// - Parameter path: with `@` in front a name of Linux's abstract namespace.
    /// - Returns: nil when the path is empty or longer than the 107 octets that fit.
    package init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var octets = Array(path.utf8)
        guard !octets.isEmpty, octets.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return nil
        }
        if octets[0] == UInt8(ascii: "@") { octets[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        self.address = address
        // A name of the abstract namespace has no end but its length.
        length = socklen_t(
            MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
                + octets.count + (octets[0] == 0 ? 0 : 1))
        descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Returns: whether the socket took it.
    @discardableResult
    package func send(_ octets: [UInt8]) -> Bool {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, octets, octets.count,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0, length)
                    == octets.count
            }
        }
    }
}
