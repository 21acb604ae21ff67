/// Which transactions send to a destination, or to an endpoint: a chain through small numbers for
/// each, so that adding and removing cost the same however many go the same way.
struct DestinationIndex<Destination: Hashable> {
    private struct Link {
        var previous = -1
        var next = -1
    }
    private var heads: [Destination: Int] = [:]
    private var links: [Link] = []

    mutating func add(_ key: Int, to destination: Destination) {
        while links.count <= key { links.append(Link()) }
        let head = heads.updateValue(key, forKey: destination)
        links[key] = Link(previous: -1, next: head ?? -1)
        if let head { links[head].previous = key }
    }

    mutating func remove(_ key: Int, from destination: Destination) {
        let link = links[key]
        if link.next >= 0 { links[link.next].previous = link.previous }
        if link.previous >= 0 {
            links[link.previous].next = link.next
        } else if link.next >= 0 {
            heads[destination] = link.next
        } else {
            heads[destination] = nil
        }
    }

    func keys(of destination: Destination) -> [Int] {
        var keys: [Int] = []
        var key = heads[destination] ?? -1
        while key >= 0 {
            keys.append(key)
            key = links[key].next
        }
        return keys
    }
}
