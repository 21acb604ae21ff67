import CLinux
import Glibc
package import Primitives

/// Asks the kernel about ways out of this host, or hears of their changes (rtnetlink(7)).
///
/// The kernel answers while it is asked, so that an answer is there when the question has been sent.
package final class NetlinkSocket: RoutingTables {
    package let descriptor: Int32
    /// Of the packets that ways are asked for.
    package var dscp: UInt8 = 0
    private var sequence: UInt32 = 0
    /// The kernel sends no more at a time (NLMSG_GOODSIZE).
    private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 32_768)

    /// - Parameter hearsChanges: it is for ``receive(_:)``, which first tells of all devices, and asks
    ///   nothing else.
    package init(hearsChanges: Bool) throws(MediaEngineError) {
        let kind =
            Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_NETLINK, kind, NETLINK_ROUTE)
        guard descriptor >= 0 else { throw NetlinkSocket.failed("socket AF_NETLINK", errno) }
        guard hearsChanges else { return }
        // With an address of its own: who has none counts as the sender of what the kernel itself says,
        // and senders do not hear themselves.
        var own = sockaddr_nl()
        own.nl_family = sa_family_t(AF_NETLINK)
        let code = withUnsafePointer(to: own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard code == 0 else { throw NetlinkSocket.failed("bind AF_NETLINK", errno) }
        for group in NetlinkSocket.groups {
            var group = Int32(bitPattern: group.rawValue)
            guard
                setsockopt(
                    descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
                    socklen_t(MemoryLayout<Int32>.size)) == 0
            else { throw NetlinkSocket.failed("setsockopt NETLINK_ADD_MEMBERSHIP", errno) }
        }
        let question = Rtnetlink.linksRequest()
        guard Glibc.send(descriptor, question, question.count, 0) == question.count else {
            throw NetlinkSocket.failed("send AF_NETLINK", errno)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer.deallocate()
    }

    private static let groups = [
        RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
        // FRR changes these under its routes.
        RTNLGRP_NEXTHOP,
    ]

    private static func failed(_ call: String, _ code: Int32) -> MediaEngineError {
        .system(call: call, errno: code, at: "the kernel's routing tables")
    }

    // MARK: Changes

    /// Hands out all that waits.
    ///
    /// - Returns: false when something was lost because too much waited.
    package func receive(_ body: (RoutingMessage) -> Void) -> Bool {
        var isWhole = true
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count <= 0 {
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == ENOBUFS {
                    isWhole = false
                    continue
                }
                return isWhole
            }
            Rtnetlink.parse(UnsafeBufferPointer(rebasing: buffer[..<count]).span) { _, message in
                body(message)
            }
        }
    }

    // MARK: Questions

    package func route(for flow: PathFinder.Flow) -> RoutingMessage.Route? {
        let answer = ask { Rtnetlink.routeRequest(for: flow, dscp: dscp, sequence: $0) }
        guard case .route(let route) = answer else { return nil }
        return route
    }

    package func linkAddress(of address: IPAddress, on interface: Int32) -> LinkAddress? {
        let answer = ask { Rtnetlink.neighbourRequest(address, on: interface, sequence: $0) }
        guard case .neighbour(let neighbour) = answer else { return nil }
        return neighbour.linkAddress
    }

    package func link(_ interface: Int32) -> RoutingMessage.Link? {
        guard case .link(let link) = ask({ Rtnetlink.linkRequest(interface, sequence: $0) })
        else { return nil }
        return link
    }

    private func ask(_ request: (_ sequence: UInt32) -> [UInt8]) -> RoutingMessage? {
        sequence &+= 1
        let question = request(sequence)
        guard Glibc.send(descriptor, question, question.count, 0) == question.count else {
            return nil
        }
        var answer: RoutingMessage?
        while answer == nil {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            Rtnetlink.parse(UnsafeBufferPointer(rebasing: buffer[..<count]).span) {
                number, message in
                if number == sequence { answer = message }
            }
        }
        return answer
    }
}
