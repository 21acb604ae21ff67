import Glibc
import NIOCore
import NIOPosix
import Primitives

/// Finds the address of a host.
///
/// Addresses in text are read at once. Names are asked of the C library (`/etc/hosts`, DNS A and
/// AAAA records) on a thread of its own, as that call waits; NAPTR and SRV (RFC 3263) are not asked
/// for yet. Answers are kept for `lifetime`, as the C library does not tell their time to live.
/// Confined to its loop.
final class HostResolver {
    struct NotFound: Error, CustomStringConvertible {
        let host: String
        let reason: String
        var description: String { "\(host): \(reason)" }
    }

    private struct Key: Hashable {
        var host: String
        var isIPv6: Bool
    }

    private static let lifetime = Interval.seconds(30)
    private static let maximumAnswers = 1_024

    private let loop: any EventLoop
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private var answers: [Key: (address: IPAddress, expires: Instant)] = [:]
    private var waiting: [Key: EventLoopFuture<IPAddress>] = [:]

    init(on loop: any EventLoop) {
        self.loop = loop
        pool.start()
    }

    /// - Parameter isIPv6: the family wanted; a name that has none of it is not found.
    func resolve(_ host: String, isIPv6: Bool) -> EventLoopFuture<IPAddress> {
        if let address = IPAddress(host) { return loop.makeSucceededFuture(address) }
        let key = Key(host: host.lowercased(), isIPv6: isIPv6)
        if let answer = answers[key], answer.expires > .now {
            return loop.makeSucceededFuture(answer.address)
        }
        if let future = waiting[key] { return future }
        guard waiting.count < HostResolver.maximumAnswers else {
            return loop.makeFailedFuture(NotFound(host: host, reason: "too many names at once"))
        }
        let future = pool.runIfActive(eventLoop: loop) {
            try HostResolver.lookUp(key.host, isIPv6: isIPv6)
        }
        waiting[key] = future
        let resolver = NIOLoopBound(self, eventLoop: loop)
        future.whenComplete { resolver.value.keep($0, key) }
        return future
    }

    func stop() {
        pool.shutdownGracefully { _ in }
    }

    private func keep(_ result: Result<IPAddress, any Error>, _ key: Key) {
        waiting[key] = nil
        guard case .success(let address) = result else { return }
        if answers.count >= HostResolver.maximumAnswers { answers.removeAll() }
        answers[key] = (address, .now + HostResolver.lifetime)
    }

    private static func lookUp(_ host: String, isIPv6: Bool) throws(NotFound) -> IPAddress {
        var hints = addrinfo()
        hints.ai_family = isIPv6 ? AF_INET6 : AF_INET
        hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0, let first = list else {
            throw NotFound(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(first) }
        let raw = UnsafeRawPointer(first.pointee.ai_addr)
        guard let raw else { throw NotFound(host: host, reason: "no address") }
        return isIPv6
            ? IPAddress(raw.load(as: sockaddr_in6.self).sin6_addr)
            : IPAddress(v4: UInt32(bigEndian: raw.load(as: sockaddr_in.self).sin_addr.s_addr))
    }
}
