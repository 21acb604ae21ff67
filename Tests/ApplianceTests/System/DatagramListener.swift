import Foundation
import Glibc

/// A local socket of the kind that a service manager or a journal has.
final class DatagramListener {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = "/tmp/imz-\(UUID().uuidString)"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// The next datagram that is there already; nil when none is.
    func next() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : Array(buffer[..<count])
    }

    func nextText() -> String? { next().map { String(decoding: $0, as: UTF8.self) } }
}
