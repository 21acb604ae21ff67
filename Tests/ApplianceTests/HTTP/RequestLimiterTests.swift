import Appliance
import Primitives
import Testing

@Suite struct RequestLimiterTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    /// How many of `count` requests at one moment are allowed.
    private func allowed(
        _ limiter: inout RequestLimiter, _ client: IPAddress, _ count: Int, at now: Instant
    ) -> Int {
        (0..<count).reduce(0) { sum, _ in sum + (limiter.allows(client, at: now) ? 1 : 0) }
    }

    @Test func sixtyAtOnceAndTenASecond() throws {
        var limiter = RequestLimiter()
        let client = try address("192.0.2.1")
        let now = Instant(nanoseconds: 1_000_000_000)
        #expect(allowed(&limiter, client, 100, at: now) == 60)
        #expect(allowed(&limiter, client, 100, at: now + .seconds(1)) == 10)
        #expect(allowed(&limiter, client, 100, at: now + .seconds(3600)) == 60)
        #expect(allowed(&limiter, try address("192.0.2.2"), 100, at: now) == 60)
    }

    @Test func aNetworkOfIPv6IsOneClient() throws {
        var limiter = RequestLimiter()
        let now = Instant(nanoseconds: 0)
        #expect(allowed(&limiter, try address("2001:db8::1"), 60, at: now) == 60)
        #expect(!limiter.allows(try address("2001:db8::2"), at: now))
        #expect(limiter.allows(try address("2001:db8:0:1::2"), at: now))
    }

    /// Neither does the memory of clients grow without bound, nor do others make one forgotten that
    /// has used up its share.
    @Test func aCrowdHelpsNobodyPastTheLimit() throws {
        var limiter = RequestLimiter()
        let client = try address("192.0.2.1")
        var now = Instant(nanoseconds: 0)
        #expect(allowed(&limiter, client, 60, at: now) == 60)
        for number in 0..<20_000 {
            // Each is full again some tenths of a second later.
            now = Instant(nanoseconds: Int64(number) * 50_000)
            _ = limiter.allows(
                try address("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"), at: now)
        }
        #expect(allowed(&limiter, client, 60, at: now) <= 10)
    }
}
