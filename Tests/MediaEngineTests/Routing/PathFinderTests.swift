import MediaEngine
import Primitives
import Testing

/// Tables as a test wants them.
private struct Tables: RoutingTables {
    var routes: [IPAddress: RoutingMessage.Route] = [:]
    var neighbours: [IPAddress: LinkAddress] = [:]
    var links: [Int32: RoutingMessage.Link] = [:]
    var questions = 0

    mutating func route(for flow: PathFinder.Flow) -> RoutingMessage.Route? {
        questions += 1
        return routes[flow.destination.address]
    }

    func linkAddress(of address: IPAddress, on interface: Int32) -> LinkAddress? {
        neighbours[address]
    }

    func link(_ interface: Int32) -> RoutingMessage.Link? { links[interface] }
}

private let own = Endpoint(IPAddress(v4: 0xc000_020a), port: 20_000)
private let gateway = IPAddress(v4: 0xc612_0902)
private let other = IPAddress(v4: 0xc612_0a02)
private let first = LinkAddress(bits: 1)
private let second = LinkAddress(bits: 2)
private let device = LinkAddress(bits: 0x10)

private func phone(_ n: UInt32) -> PathFinder.Flow {
    PathFinder.Flow(to: Endpoint(IPAddress(v4: 0xc633_6400 + n), port: 4000), from: own)
}

private func listener(_ number: Int32) -> PathFinder.Listener {
    PathFinder.Listener(thread: 0, number: number, socket: 9)
}

private func hop(_ destination: LinkAddress, interface: Int32 = 1) -> PathFinder.Hop {
    PathFinder.Hop(interface: interface, source: device, destination: destination, mtu: 1500)
}

private func at(_ milliseconds: Int) -> Instant {
    Instant(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds)
}

private func network(_ text: String) throws -> IPNetwork { try #require(IPNetwork(text)) }

@Suite struct PathFinderTests {
    private var finder = PathFinder()
    private var tables = Tables()

    init() throws {
        for n in 1...9 as ClosedRange<UInt32> {
            tables.routes[phone(n).destination.address] = .init(
                network: try network("198.51.100.0/24"), interface: 1, gateway: gateway,
                isPlain: true)
        }
        tables.neighbours[gateway] = first
        tables.links[1] = .init(interface: 1, address: device, mtu: 1500)
    }

    private mutating func look(_ now: Instant) -> [PathFinder.Hop?] {
        finder.look(in: &tables, at: now)
        return finder.takeChanges().map(\.hop)
    }

    @Test mutating func aListenerBehindAGateway() {
        finder.want(phone(1), for: listener(5))
        #expect(finder.deadline.map { $0 <= at(0) } == true)
        finder.look(in: &tables, at: at(0))
        #expect(
            finder.takeChanges() == [
                .init(listener: listener(5), flow: phone(1), hop: hop(first))
            ])
        #expect(finder.deadline == nil)
    }

    @Test mutating func theSecondStreamOfAFlowIsNotLookedUp() {
        finder.want(phone(1), for: listener(5))
        _ = look(at(0))
        finder.want(phone(1), for: listener(6))
        #expect(
            finder.takeChanges() == [
                .init(listener: listener(6), flow: phone(1), hop: hop(first))
            ])
        #expect(tables.questions == 1)
    }

    @Test mutating func whoLeavesIsForgotten() {
        finder.want(phone(1), for: listener(5))
        _ = look(at(0))
        finder.unwant(phone(1), for: listener(5))
        #expect(
            finder.takeChanges() == [.init(listener: listener(5), flow: phone(1), hop: nil)])
        #expect(finder.count == 0)
        finder.receive(
            .neighbour(.init(interface: 1, address: gateway, linkAddress: second)), at: at(1))
        finder.forgetAll(at: at(1))
        #expect(look(at(1000)).isEmpty)
    }

    @Test mutating func noPlainWay() {
        tables.routes[phone(1).destination.address]?.isPlain = false
        tables.routes[phone(2).destination.address] = nil
        tables.links[1]?.address = nil
        for n in 1...3 as ClosedRange<UInt32> { finder.want(phone(n), for: listener(Int32(n))) }
        #expect(look(at(0)).isEmpty)
    }

    @Test mutating func theFirstPacketFindsTheNeighbour() {
        tables.neighbours = [:]
        finder.want(phone(1), for: listener(5))
        #expect(look(at(0)).isEmpty)
        tables.neighbours[gateway] = first
        finder.receive(
            .neighbour(.init(interface: 2, address: gateway, linkAddress: first)), at: at(9))
        #expect(finder.deadline == nil, "another link's")
        finder.receive(
            .neighbour(.init(interface: 1, address: gateway, linkAddress: first)), at: at(9))
        #expect(look(at(9)) == [hop(first)])
    }

    @Test mutating func aNeighbourThatChangesOrFails() {
        finder.want(phone(1), for: listener(5))
        _ = look(at(0))
        finder.receive(
            .neighbour(.init(interface: 1, address: gateway, linkAddress: first)), at: at(1))
        #expect(finder.takeChanges().isEmpty, "nothing new")
        tables.neighbours[gateway] = second
        finder.receive(
            .neighbour(.init(interface: 1, address: gateway, linkAddress: second)), at: at(2))
        #expect(finder.takeChanges().map(\.hop) == [nil])
        #expect(look(at(2)) == [hop(second)])
        tables.neighbours[gateway] = nil
        finder.receive(
            .neighbour(.init(interface: 1, address: gateway, linkAddress: nil)), at: at(3))
        #expect(look(at(3)) == [nil])
        #expect(finder.deadline == nil)
    }

    @Test mutating func onlyWhatARouteCoversIsForgotten() throws {
        finder.want(phone(1), for: listener(1))
        finder.want(phone(2), for: listener(2))
        _ = look(at(0))
        let route = RoutingMessage.Route(
            network: try network("198.51.100.2/32"), interface: 2, gateway: other, isPlain: true)
        tables.routes[phone(2).destination.address] = route
        tables.neighbours[other] = second
        tables.links[2] = .init(interface: 2, address: device, mtu: 1500)
        finder.receive(.route(route), at: at(1))
        #expect(
            finder.takeChanges() == [.init(listener: listener(2), flow: phone(2), hop: nil)],
            "the kernel sends at once")
        #expect(look(at(2)).isEmpty, "until the changes rest")
        finder.receive(.route(route), at: at(150))
        #expect(look(at(250)).isEmpty)
        let deadline = finder.deadline
        #expect(deadline == at(350))
        #expect(look(at(350)) == [hop(second, interface: 2)])
    }

    @Test mutating func aDeviceThatGoesDownAndComesBack() {
        finder.want(phone(1), for: listener(1))
        finder.receive(.link(.init(interface: 1, address: device, mtu: 1500)), at: at(-500))
        _ = look(at(0))
        finder.receive(.link(.init(interface: 1, address: device, mtu: 1500)), at: at(1))
        #expect(finder.takeChanges().isEmpty, "nothing that matters")
        tables.links[1]?.address = nil
        finder.receive(.link(.init(interface: 1, address: nil, mtu: 1500)), at: at(2))
        #expect(finder.takeChanges().map(\.hop) == [nil])
        #expect(look(at(500)).isEmpty)
        tables.links[1]?.address = device
        finder.receive(.link(.init(interface: 1, address: device, mtu: 1500)), at: at(600))
        #expect(look(at(900)) == [hop(first)])
    }

    @Test mutating func anotherDeviceThatComesBackMayBeTheBetterWay() {
        finder.want(phone(1), for: listener(1))
        finder.receive(.link(.init(interface: 2, address: nil, mtu: 1500)), at: at(-500))
        _ = look(at(0))
        tables.routes[phone(1).destination.address]?.interface = 2
        tables.links[2] = .init(interface: 2, address: device, mtu: 1500)
        finder.receive(.link(.init(interface: 2, address: device, mtu: 1500)), at: at(1))
        #expect(finder.takeChanges().map(\.hop) == [nil])
        #expect(look(at(300)) == [hop(first, interface: 2)])
        finder.receive(.link(.init(interface: 2, address: device, mtu: 9000)), at: at(301))
        #expect(finder.takeChanges().map(\.hop) == [nil], "the MTU of its own")
        finder.forgetAll(at: at(400))
        #expect(look(at(700)).count == 1)
        finder.receive(.link(.init(interface: 2, address: device, mtu: 1500)), at: at(701))
        #expect(finder.takeChanges().map(\.hop) == [nil], "that it was down may be what was lost")
    }

    @Test mutating func lostReportsForgetEverything() {
        finder.want(phone(1), for: listener(1))
        _ = look(at(0))
        finder.receive(.otherChange, at: at(1))
        #expect(finder.takeChanges().map(\.hop) == [nil])
        #expect(look(at(300)) == [hop(first)])
    }

    @Test mutating func changesThatNeverRestDoNotKeepEverythingWaiting() {
        finder.want(phone(1), for: listener(1))
        _ = look(at(0))
        for n in 1...10 { finder.receive(.otherChange, at: at(n * 100)) }
        _ = finder.takeChanges()
        #expect(finder.deadline == at(1100))
        #expect(look(at(1100)) == [hop(first)])
        finder.receive(.otherChange, at: at(1150))
        _ = finder.takeChanges()
        #expect(finder.deadline == at(1350), "the next have their rest again")
    }

    @Test mutating func manyAreLookedUpInPortions() {
        for n in 0..<1000 as Range<UInt32> {
            let address = IPAddress(v4: 0x0a00_0000 + n)
            let flow = PathFinder.Flow(to: Endpoint(address, port: 4000), from: own)
            tables.routes[address] = tables.routes[phone(1).destination.address]
            finder.want(flow, for: listener(Int32(n)))
        }
        var found = 0
        var turns = 0
        while let deadline = finder.deadline {
            found += look(max(deadline, at(0))).count
            turns += 1
        }
        #expect(found == 1000)
        #expect(turns > 1)
    }
}
