package import Primitives

/// How many requests one client may make: a bucket per client that fills with time.
package struct RequestLimiter: Sendable {
    /// Requests at once, and how many come back each second.
    private static let burst = 60.0
    private static let rate = 10.0
    /// Clients that are remembered.
    private static let maximumClients = 10_000

    private var buckets: [IPNetwork: (tokens: Double, at: Instant)] = [:]

    package init() {}

    /// Whether the client may have one more.
    package mutating func allows(_ client: IPAddress, at now: Instant) -> Bool {
        // Whoever has one IPv6 address has 2^64 of them.
        guard let network = IPNetwork(client, prefixLength: client.isIPv6 ? 64 : 32) else {
            return false
        }
        if buckets.count >= RequestLimiter.maximumClients {
            buckets = buckets.filter {
                RequestLimiter.tokens(in: $0.value, at: now) < RequestLimiter.burst
            }
            if buckets.count >= RequestLimiter.maximumClients { buckets = [:] }
        }
        let known = buckets[network] ?? (RequestLimiter.burst, now)
        let tokens = RequestLimiter.tokens(in: known, at: now)
        guard tokens >= 1 else {
            buckets[network] = (tokens, now)
            return false
        }
        buckets[network] = (tokens - 1, now)
        return true
    }

    private static func tokens(
        in bucket: (tokens: Double, at: Instant), at now: Instant
    ) -> Double {
        min(burst, bucket.tokens + max(0, (now - bucket.at).seconds) * rate)
    }
}
