import Primitives

/// Which addresses have shown by an ACK that they receive what we send to them.
///
/// Anybody can write another's address on a datagram. A final response to an INVITE goes eleven
/// times in 32 s when no ACK comes, so INVITEs from addresses that have proved nothing are few at a
/// time. Bounded: of the proven ones those that proved it longest ago are forgotten.
struct SourceProof: Sendable {
    private var waiting: [IPAddress: Int] = [:]
    private(set) var waitingCount = 0
    /// Two halves: when the newer is full the older goes.
    private var newer: Set<IPAddress> = []
    private var older: Set<IPAddress> = []
    private let perAddress: Int
    private let total: Int
    private static let remembered = 8_192

    /// - Parameters:
    ///   - perAddress: INVITEs without ACK at a time from one unproven address.
    ///   - total: from all of them together.
    init(perAddress: Int, total: Int) {
        self.perAddress = perAddress
        self.total = total
    }

    func isProven(_ address: IPAddress) -> Bool {
        // What comes from our own host has not crossed a network.
        address.isLoopback || newer.contains(address) || older.contains(address)
    }

    /// Takes note of an INVITE from an unproven address.
    /// - Returns: false when there are too many.
    mutating func begin(_ address: IPAddress) -> Bool {
        guard waitingCount < total, waiting[address, default: 0] < perAddress else { return false }
        waiting[address, default: 0] += 1
        waitingCount += 1
        return true
    }

    mutating func end(_ address: IPAddress) {
        guard let count = waiting[address] else { return }
        waiting[address] = count > 1 ? count - 1 : nil
        waitingCount -= 1
    }

    mutating func prove(_ address: IPAddress) {
        guard !newer.contains(address) else { return }
        if newer.count >= SourceProof.remembered / 2 {
            older = newer
            newer = []
        }
        newer.insert(address)
    }
}
