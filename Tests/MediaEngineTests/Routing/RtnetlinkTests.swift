import Glibc
import MediaEngine
import Primitives
import Testing

/// Messages in the kernel's form, in hexadecimal.
private enum Written {
    /// ip route get 198.51.100.2 from 192.0.2.10, which has a gateway.
    static let route =
        "70000000180000000100000000000000"  // length, RTM_NEWROUTE, question 1
        + "0220200000000001" + "00020000" + "08000f00fe000000" + "08000100c6336402"
        + "08000200c000020a" + "0800040003000000" + "08000500c6120902"
    /// A neighbour that is reachable, and one that has failed.
    static let reachable =
        "000000001c0000000000000000000000" + "02000000030000000200" + "0001" + "08000100c6120902"
        + "0a00020002000000099900" + "00"
    static let failed =
        "000000001c0000000000000000000000" + "02000000030000002000" + "0001" + "08000100c6120902"
}

private func octets(_ hexadecimal: String) -> [UInt8] {
    var octets: [UInt8] = []
    var rest = hexadecimal[...]
    while let octet = UInt8(rest.prefix(2), radix: 16) {
        octets.append(octet)
        rest = rest.dropFirst(2)
    }
    // The length, which is left out above.
    let count = UInt32(octets.count)
    octets.replaceSubrange(
        0..<4, with: (0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) })
    return octets
}

private func parsed(_ octets: [UInt8]) -> [RoutingMessage] {
    var messages: [RoutingMessage] = []
    Rtnetlink.parse(octets.span) { _, message in messages.append(message) }
    return messages
}

@Suite struct RtnetlinkTests {
    @Test func aRouteByAGateway() throws {
        let network = try #require(IPNetwork("198.51.100.2/32"))
        #expect(
            parsed(octets(Written.route)) == [
                .route(
                    .init(
                        network: network, interface: 3, gateway: IPAddress("198.18.9.2"),
                        isPlain: true))
            ])
    }

    @Test func neighbours() throws {
        let address = try #require(IPAddress("198.18.9.2"))
        #expect(
            parsed(octets(Written.reachable) + octets(Written.failed)) == [
                .neighbour(
                    .init(
                        interface: 3, address: address,
                        linkAddress: LinkAddress(bits: 0x0200_0000_0999))),
                .neighbour(.init(interface: 3, address: address, linkAddress: nil)),
            ])
    }

    @Test func aLinkAddressReadsAsUsual() {
        #expect("\(LinkAddress(bits: 0x0200_0000_0999))" == "02:00:00:00:09:99")
    }

    @Test func whatIsCutShortOrBrokenIsPassedOver() {
        var random = SystemRandomNumberGenerator()
        let whole = octets(Written.route) + octets(Written.reachable)
        for length in whole.indices { _ = parsed([UInt8](whole[..<length])) }
        for _ in 0..<20_000 {
            var broken = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                broken[Int.random(in: broken.indices, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            #expect(parsed(broken).count <= whole.count / 16)
        }
    }

    @Test func theKernelTellsOfAllDevices() throws {
        let changes = try NetlinkSocket(hearsChanges: true)
        var interfaces: [Int32] = []
        let isWhole = changes.receive { message in
            if case .link(let link) = message { interfaces.append(link.interface) }
        }
        #expect(isWhole)
        #expect(interfaces.contains(Int32(if_nametoindex("lo"))))
    }

    /// The kernel's own answers, whatever this machine's routes are.
    @Test func theKernelIsAsked() throws {
        let tables = try NetlinkSocket(hearsChanges: false)
        let route = try #require(
            tables.route(
                for: .init(
                    to: Endpoint(.loopbackV4, port: 9), from: Endpoint(.loopbackV4, port: 9))))
        #expect(!route.isPlain, "this host itself")
        let link = try #require(tables.link(route.interface))
        #expect(link.address == nil, "lo has no frames of Ethernet")
        #expect(link.mtu > 1500)
        #expect(tables.linkAddress(of: .loopbackV4, on: route.interface) == nil)
        #expect(tables.link(.max) == nil)
    }
}
