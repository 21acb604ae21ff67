package import Primitives

/// By which device and to which link address packets to each listener leave, for as long as the
/// kernel's tables say so.
///
/// Whatever may have changed is forgotten at once, and looked up again when the changes have come to
/// rest: until then the kernel itself sends. It reads no clock; its owner passes on what the kernel
/// reports and calls ``look(in:at:)`` at ``deadline``.
package struct PathFinder: Sendable {
    private struct Step: Hashable {
        let address: IPAddress
        let interface: Int32
    }

    private struct Entry {
        var listeners: [Listener]
        /// Whose link address is needed; nil when there is no plain way, or none was looked for.
        var step: Step?
        var hop: Hop?
    }

    /// How long after a change the tables are looked at again: routing protocols change many routes
    /// in a row.
    private static let rest = Interval.milliseconds(200)
    /// After which they are looked at though the changes go on.
    private static let longestRest = Interval.seconds(1)
    /// Flows that are looked up at a time, each some 20 µs.
    private static let atOnce = 256

    private var entries: [Flow: Entry] = [:]
    private var flowsByStep: [Step: Set<Flow>] = [:]
    private var due: Set<Flow> = []
    /// Devices that have said that they are up.
    private var up: Set<Int32> = []
    private var notBefore = Instant(nanoseconds: 0)
    private var latest = Instant(nanoseconds: 0)
    private var changes: [Change] = []

    package init() {}

    /// Flows that somebody wants to know about.
    package var count: Int { entries.count }

    /// When ``look(in:at:)`` has something to do; nil when nothing is to be looked up.
    package var deadline: Instant? { due.isEmpty ? nil : notBefore }

    package mutating func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }

    // MARK: What is wanted

    package mutating func want(_ flow: Flow, for listener: Listener) {
        guard let index = entries.index(forKey: flow) else {
            entries[flow] = Entry(listeners: [listener])
            due.insert(flow)
            return
        }
        entries.values[index].listeners.append(listener)
        if let hop = entries.values[index].hop {
            changes.append(Change(listener: listener, flow: flow, hop: hop))
        }
    }

    package mutating func unwant(_ flow: Flow, for listener: Listener) {
        guard let index = entries.index(forKey: flow),
            let place = entries.values[index].listeners.firstIndex(of: listener)
        else { return }
        if entries.values[index].hop != nil {
            changes.append(Change(listener: listener, flow: flow, hop: nil))
        }
        entries.values[index].listeners.remove(at: place)
        guard entries.values[index].listeners.isEmpty else { return }
        leaveStep(flow)
        entries[flow] = nil
        due.remove(flow)
    }

    // MARK: What the kernel reports

    package mutating func receive(_ message: RoutingMessage, at now: Instant) {
        switch message {
        case .route(let route):
            forget(at: now) { flow, _ in route.network.contains(flow.destination.address) }
        case .neighbour(let neighbour):
            let step = Step(address: neighbour.address, interface: neighbour.interface)
            for flow in flowsByStep[step] ?? [] {
                guard let entry = entries[flow], entry.hop?.destination != neighbour.linkAddress
                else { continue }
                set(nil, for: flow)
                // At once, since it is the one word that the first packet waits for.
                if neighbour.linkAddress != nil { due.insert(flow) }
            }
        case .link(let link):
            if link.address == nil {
                up.remove(link.interface)
            } else if up.insert(link.interface).inserted {
                // Routes by it that were dead are good again, and maybe better ones; of them the kernel
                // says nothing.
                return forget(at: now) { _, _ in true }
            }
            forget(at: now) { _, entry in
                guard let hop = entry.hop else { return entry.step?.interface == link.interface }
                return hop.interface == link.interface
                    && (hop.source != link.address || hop.mtu != link.mtu)
            }
        case .otherChange:
            forget(at: now) { _, _ in true }
        case .failure:
            break
        }
    }

    /// Reports have been lost, or everything may be different.
    package mutating func forgetAll(at now: Instant) {
        up = []
        forget(at: now) { _, _ in true }
    }

    private mutating func forget(at now: Instant, where isMeant: (Flow, Entry) -> Bool) {
        // Nothing is inserted or removed, so that the indices hold.
        var index = entries.startIndex
        var isAny = false
        while index != entries.endIndex {
            let (flow, entry) = entries[index]
            if isMeant(flow, entry) {
                set(nil, at: index, for: flow)
                due.insert(flow)
                isAny = true
            }
            entries.formIndex(after: &index)
        }
        guard isAny else { return }
        if now >= notBefore { latest = now + PathFinder.longestRest }
        notBefore = min(now + PathFinder.rest, latest)
    }

    // MARK: Looking up

    /// Looks up some of what is due, if it is time.
    package mutating func look(in tables: inout some RoutingTables, at now: Instant) {
        guard now >= notBefore else { return }
        // Few, and the same for most.
        var links: [Int32: RoutingMessage.Link] = [:]
        for _ in 0..<PathFinder.atOnce {
            guard let flow = due.popFirst() else { return }
            find(flow, in: &tables, &links)
        }
    }

    private mutating func find(
        _ flow: Flow, in tables: inout some RoutingTables,
        _ links: inout [Int32: RoutingMessage.Link]
    ) {
        leaveStep(flow)
        guard let route = tables.route(for: flow), route.isPlain
        else { return set(nil, for: flow) }
        let step = Step(
            address: route.gateway ?? flow.destination.address, interface: route.interface)
        entries[flow]?.step = step
        flowsByStep[step, default: []].insert(flow)
        let known = links[step.interface] ?? tables.link(step.interface)
        links[step.interface] = known
        guard let link = known, let source = link.address,
            let destination = tables.linkAddress(of: step.address, on: step.interface)
        else { return set(nil, for: flow) }
        set(
            Hop(interface: step.interface, source: source, destination: destination, mtu: link.mtu),
            for: flow)
    }

    private mutating func leaveStep(_ flow: Flow) {
        guard let step = entries[flow]?.step else { return }
        entries[flow]?.step = nil
        flowsByStep[step]?.remove(flow)
        if flowsByStep[step]?.isEmpty == true { flowsByStep[step] = nil }
    }

    private mutating func set(_ hop: Hop?, for flow: Flow) {
        guard let index = entries.index(forKey: flow) else { return }
        set(hop, at: index, for: flow)
    }

    private mutating func set(
        _ hop: Hop?, at index: Dictionary<Flow, Entry>.Index, for flow: Flow
    ) {
        guard entries.values[index].hop != hop else { return }
        entries.values[index].hop = hop
        for listener in entries.values[index].listeners {
            changes.append(Change(listener: listener, flow: flow, hop: hop))
        }
    }
}
