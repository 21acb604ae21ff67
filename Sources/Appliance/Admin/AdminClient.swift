internal import Foundation
import Glibc
internal import Primitives

/// Asks a running appliance over its administration address.
package struct AdminClient {
    private let endpoint: Endpoint

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Returns: nil when the configuration has no administration address.
    package init?(_ configuration: Configuration) {
        guard let endpoint = configuration.admin else { return nil }
        self.endpoint = endpoint
    }

    /// What the appliance says of itself at this moment.
    ///
    /// Throws ``Failure`` when nobody answers, or not in its way.
    package func status() throws -> Status {
        try JSONDecoder().decode(Status.self, from: get("/status.json"))
    }

    /// The body of a GET; waits 5 seconds at most.
    private func get(_ path: String) throws -> Data {
        let descriptor = socket(
            endpoint.address.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw failure("no socket") }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        guard connect(descriptor) == 0 else {
            throw failure(String(cString: strerror(errno)))
        }
        // The body ends with the connection.
        let request = Array(
            "GET \(path) HTTP/1.1\r\nHost: \(endpoint)\r\nConnection: close\r\n\r\n".utf8)
        guard write(descriptor, request, request.count) == request.count else {
            throw failure(String(cString: strerror(errno)))
        }
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failure(String(cString: strerror(errno))) }
            if count == 0 { break }
            answer.append(contentsOf: buffer[..<count])
        }
        guard let head = answer.range(of: Data("\r\n\r\n".utf8)),
            answer.starts(with: Data("HTTP/1.".utf8))
        else { throw failure("the answer is not HTTP") }
        return answer[head.upperBound...]
    }

    private func connect(_ descriptor: Int32) -> Int32 {
        if let v4 = endpoint.address.v4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr.s_addr = v4.bigEndian
            return connect(descriptor, &address)
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = endpoint.port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { octets in
            octets.storeBytes(of: endpoint.address.high.bigEndian, as: UInt64.self)
            octets.storeBytes(
                of: endpoint.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return connect(descriptor, &address)
    }

    private func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    private func failure(_ reason: String) -> Failure {
        Failure(
            description: "no appliance answers at \(endpoint): \(reason); start it, or name its "
                + "configuration with --config")
    }
}
