import Glibc
package import Primitives

/// The octets of rtnetlink: questions to the kernel, and what it says (RFC 3549 §2.3.2 and §3.1,
/// rtnetlink(7)). All integers but addresses are in the host's order.
package enum Rtnetlink {
    /// Asks which way a packet of UDP takes: all that rules, VRFs and the choice between ways of equal
    /// cost can go by.
    package static func routeRequest(
        for flow: PathFinder.Flow, dscp: UInt8, sequence: UInt32
    ) -> [UInt8] {
        let destination = flow.destination.address
        let bits: UInt8 = destination.isIPv6 ? 128 : 32
        // family, prefix lengths, type of service, table, protocol, scope, type, flags
        var body: [UInt8] = [family(destination), bits, bits, dscp << 2, 0, 0, 0, 0, 0, 0, 0, 0]
        append(attribute: RouteAttribute.destination, octets(destination), to: &body)
        append(attribute: RouteAttribute.source, octets(flow.source.address), to: &body)
        append(attribute: RouteAttribute.ipProtocol, [UInt8(IPPROTO_UDP)], to: &body)
        append(attribute: RouteAttribute.sourcePort, octets(flow.source.port), to: &body)
        append(attribute: RouteAttribute.destinationPort, octets(flow.destination.port), to: &body)
        if flow.device != 0 {
            let device = withUnsafeBytes(of: flow.device) { [UInt8]($0) }
            append(attribute: RouteAttribute.interface, device, to: &body)
        }
        return request(MessageType.getRoute, sequence, body)
    }

    /// Asks who has `address` on the link.
    package static func neighbourRequest(
        _ address: IPAddress, on interface: Int32, sequence: UInt32
    ) -> [UInt8] {
        var body: [UInt8] = [family(address), 0, 0, 0]
        append(UInt32(bitPattern: interface), to: &body)
        append(0, to: &body)
        append(attribute: NeighbourAttribute.destination, octets(address), to: &body)
        return request(MessageType.getNeighbour, sequence, body)
    }

    /// Asks about a device.
    package static func linkRequest(_ interface: Int32, sequence: UInt32) -> [UInt8] {
        request(MessageType.getLink, sequence, linkBody(interface))
    }

    /// Asks about all devices.
    package static func linksRequest() -> [UInt8] {
        request(MessageType.getLink, 0, linkBody(0), flags: Flag.dump)
    }

    private static func linkBody(_ interface: Int32) -> [UInt8] {
        var body: [UInt8] = [UInt8(AF_UNSPEC), 0, 0, 0]
        append(UInt32(bitPattern: interface), to: &body)
        append(0, to: &body)
        append(0, to: &body)
        return body
    }

    /// Hands out what one datagram of the kernel's says, with the number of the question that each
    /// part answers (0: nobody asked). What it does not understand it passes over.
    package static func parse(
        _ datagram: Span<UInt8>, _ body: (_ sequence: UInt32, RoutingMessage) -> Void
    ) {
        var rest = datagram
        while rest.count >= headerLength {
            let length = Int(word(rest, 0))
            guard length >= headerLength, length <= rest.count else { return }
            let content = rest.extracting(headerLength..<length)
            if let message = message(half(rest, 4), content) { body(word(rest, 8), message) }
            rest = rest.extracting(min(aligned(length), rest.count)...)
        }
    }

    // MARK: The kernel's numbers

    private enum MessageType {
        static let error: UInt16 = 2
        static let newLink: UInt16 = 16
        static let deleteLink: UInt16 = 17
        static let getLink: UInt16 = 18
        static let addressChanges: ClosedRange<UInt16> = 20...21
        static let newRoute: UInt16 = 24
        static let deleteRoute: UInt16 = 25
        static let getRoute: UInt16 = 26
        static let newNeighbour: UInt16 = 28
        static let deleteNeighbour: UInt16 = 29
        static let getNeighbour: UInt16 = 30
        static let ruleChanges: ClosedRange<UInt16> = 32...33
        static let nextHopChanges: ClosedRange<UInt16> = 104...105
        /// Of resilient groups of next hops, whose flows move one by one.
        static let bucketChanges: ClosedRange<UInt16> = 116...117
    }

    private enum Flag {
        static let request: UInt16 = 0x1
        static let dump: UInt16 = 0x300
    }

    private enum RouteAttribute {
        static let destination: UInt16 = 1
        static let source: UInt16 = 2
        static let interface: UInt16 = 4
        static let gateway: UInt16 = 5
        static let gatewayOfOtherFamily: UInt16 = 18
        static let encapsulation: UInt16 = 22
        static let ipProtocol: UInt16 = 27
        static let sourcePort: UInt16 = 28
        static let destinationPort: UInt16 = 29
    }

    private enum NeighbourAttribute {
        static let destination: UInt16 = 1
        static let linkAddress: UInt16 = 2
    }

    private enum LinkAttribute {
        static let address: UInt16 = 1
        static let mtu: UInt16 = 4
    }

    private static let unicast: UInt8 = 1
    private static let ethernet: UInt16 = 1
    /// IFF_UP and IFF_RUNNING.
    private static let running: UInt32 = 0x41
    /// A neighbour's states in which its link address holds: permanent, noarp, probe, delay, stale,
    /// reachable. One that has failed, or is being looked for, has none of them.
    private static let valid: UInt16 = 0x80 | 0x40 | 0x10 | 0x08 | 0x04 | 0x02

    private static let headerLength = 16

    // MARK: Reading

    private static func message(_ type: UInt16, _ content: Span<UInt8>) -> RoutingMessage? {
        switch type {
        case MessageType.error:
            guard content.count >= 4 else { return nil }
            let code = Int32(bitPattern: word(content, 0))
            return code == 0 ? nil : .failure(code == .min ? .max : -code)
        case MessageType.newRoute, MessageType.deleteRoute:
            return route(content)
        case MessageType.newNeighbour, MessageType.deleteNeighbour:
            return neighbour(content, isRemoved: type == MessageType.deleteNeighbour)
        case MessageType.newLink, MessageType.deleteLink:
            return link(content, isRemoved: type == MessageType.deleteLink)
        case MessageType.addressChanges, MessageType.ruleChanges, MessageType.nextHopChanges,
            MessageType.bucketChanges:
            return .otherChange
        default:
            return nil
        }
    }

    private static func route(_ content: Span<UInt8>) -> RoutingMessage? {
        guard content.count >= 12 else { return nil }
        let isIPv6 = content[0] == UInt8(AF_INET6)
        guard isIPv6 || content[0] == UInt8(AF_INET) else { return nil }
        var destination = isIPv6 ? IPAddress.anyV6 : .anyV4
        var interface: Int32 = 0
        var gateway: IPAddress?
        var isPlain = content[7] == unicast
        attributes(content.extracting(12...)) { type, value in
            switch type {
            case RouteAttribute.destination:
                destination = address(value) ?? destination
            case RouteAttribute.interface where value.count >= 4:
                interface = Int32(bitPattern: word(value, 0))
            case RouteAttribute.gateway:
                gateway = address(value)
            case RouteAttribute.gatewayOfOtherFamily where value.count > 2:
                gateway = address(value.extracting(2...))
            case RouteAttribute.encapsulation:
                isPlain = false
            default:
                break
            }
        }
        guard let network = IPNetwork(destination, prefixLength: Int(content[1])) else {
            return nil
        }
        return .route(
            .init(network: network, interface: interface, gateway: gateway, isPlain: isPlain))
    }

    private static func neighbour(_ content: Span<UInt8>, isRemoved: Bool) -> RoutingMessage? {
        guard content.count >= 12 else { return nil }
        var owner: IPAddress?
        var linkAddress: LinkAddress?
        attributes(content.extracting(12...)) { type, value in
            switch type {
            case NeighbourAttribute.destination: owner = address(value)
            case NeighbourAttribute.linkAddress: linkAddress = self.linkAddress(value)
            default: break
            }
        }
        guard let owner else { return nil }
        let isValid = !isRemoved && half(content, 8) & valid != 0
        return .neighbour(
            .init(
                interface: Int32(bitPattern: word(content, 4)), address: owner,
                linkAddress: isValid ? linkAddress : nil))
    }

    private static func link(_ content: Span<UInt8>, isRemoved: Bool) -> RoutingMessage? {
        guard content.count >= 16 else { return nil }
        var own: LinkAddress?
        var mtu = 0
        attributes(content.extracting(16...)) { type, value in
            switch type {
            case LinkAttribute.address: own = linkAddress(value)
            case LinkAttribute.mtu where value.count >= 4: mtu = Int(word(value, 0))
            default: break
            }
        }
        let isUsable =
            !isRemoved && half(content, 2) == ethernet && word(content, 8) & running == running
        return .link(
            .init(
                interface: Int32(bitPattern: word(content, 4)), address: isUsable ? own : nil,
                mtu: mtu))
    }

    private static func attributes(
        _ octets: Span<UInt8>, _ body: (_ type: UInt16, _ value: Span<UInt8>) -> Void
    ) {
        var rest = octets
        while rest.count >= 4 {
            let length = Int(half(rest, 0))
            guard length >= 4, length <= rest.count else { return }
            // The two highest bits say how the value is made up.
            body(half(rest, 2) & 0x3fff, rest.extracting(4..<length))
            rest = rest.extracting(min(aligned(length), rest.count)...)
        }
    }

    private static func address(_ value: Span<UInt8>) -> IPAddress? {
        switch value.count {
        case 4: IPAddress(v4: UInt32(truncatingIfNeeded: number(value, 0..<4)))
        case 16: IPAddress(v6: number(value, 0..<8), number(value, 8..<16))
        default: nil
        }
    }

    private static func linkAddress(_ value: Span<UInt8>) -> LinkAddress? {
        value.count == 6 ? LinkAddress(bits: number(value, 0..<6)) : nil
    }

    /// Octets in network order.
    private static func number(_ octets: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var value: UInt64 = 0
        for i in range { value = value << 8 | UInt64(octets[i]) }
        return value
    }

    private static func word(_ octets: Span<UInt8>, _ at: Int) -> UInt32 {
        UInt32(half(octets, at)) | UInt32(half(octets, at + 2)) << 16
    }

    private static func half(_ octets: Span<UInt8>, _ at: Int) -> UInt16 {
        // The host's order on every machine that Swift has a Debian for.
        UInt16(octets[at]) | UInt16(octets[at + 1]) << 8
    }

    private static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }

    // MARK: Writing

    private static func request(
        _ type: UInt16, _ sequence: UInt32, _ body: [UInt8], flags: UInt16 = 0
    ) -> [UInt8] {
        var octets: [UInt8] = []
        append(UInt32(headerLength + body.count), to: &octets)
        append(UInt32(type) | UInt32(Flag.request | flags) << 16, to: &octets)
        append(sequence, to: &octets)
        append(0, to: &octets)
        return octets + body
    }

    private static func append(attribute type: UInt16, _ value: [UInt8], to octets: inout [UInt8]) {
        append(UInt32(4 + value.count) | UInt32(type) << 16, to: &octets)
        octets += value
        while octets.count % 4 != 0 { octets.append(0) }
    }

    private static func append(_ word: UInt32, to octets: inout [UInt8]) {
        for shift: UInt32 in [0, 8, 16, 24] {
            octets.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    private static func family(_ address: IPAddress) -> UInt8 {
        UInt8(address.isIPv6 ? AF_INET6 : AF_INET)
    }

    private static func octets(_ port: UInt16) -> [UInt8] {
        withUnsafeBytes(of: port.bigEndian) { [UInt8]($0) }
    }

    private static func octets(_ address: IPAddress) -> [UInt8] {
        if let v4 = address.v4 {
            return withUnsafeBytes(of: v4.bigEndian) { [UInt8]($0) }
        }
        return withUnsafeBytes(of: address.high.bigEndian) { [UInt8]($0) }
            + withUnsafeBytes(of: address.low.bigEndian) { [UInt8]($0) }
    }
}
