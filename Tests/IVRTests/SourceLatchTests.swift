import IVR
import Primitives
import Testing

@Suite struct SourceLatchTests {
    private static func endpoint(_ text: String) throws -> Endpoint {
        let colon = try #require(text.lastIndex(of: ":"))
        let port = try #require(UInt16(text[text.index(after: colon)...]))
        return Endpoint(try #require(IPAddress(String(text[..<colon]))), port: port)
    }

    /// Packets as `SECOND ADDRESS:PORT`, and which of them are believed.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var packets: [(Int, String)]
        var believed: [Bool]

        init(_ name: String, _ packets: [(Int, String)], _ believed: [Bool]) {
            testDescription = name
            self.packets = packets
            self.believed = believed
        }
    }

    static let named = "192.0.2.21:4000"
    static let sameHost = "192.0.2.21:61000"
    static let proxy = "192.0.2.1:7000"
    static let stranger = "198.51.100.9:9"
    static let another = "198.51.100.10:9"

    @Test(arguments: [
        Case("who is named", [(0, named), (0, stranger), (1, named)], [true, false, true]),
        Case(
            "a stranger who comes first", [(0, stranger), (0, named), (1, stranger)],
            [true, true, false]),
        Case(
            "a stranger gives way to the phone behind NAT",
            [(0, stranger), (0, sameHost), (1, stranger), (1, sameHost)],
            [true, true, false, true]),
        Case(
            "one who signals counts as much", [(0, stranger), (0, proxy), (0, stranger)],
            [true, true, false]),
        Case(
            "a stranger alone: a media relay", [(0, stranger), (1, stranger), (1, another)],
            [true, true, false]),
        Case(
            "another relay after a silence", [(0, stranger), (2, another), (3, stranger)],
            [true, true, false]),
        Case(
            "a silence lets no stranger in", [(0, named), (60, stranger), (60, sameHost)],
            [true, false, true]),
        Case(
            "the named one is back after its host spoke from another port",
            [(0, named), (2, sameHost), (2, named), (2, sameHost)], [true, true, true, false]),
    ])
    func believes(_ c: Case) throws {
        var latch = SourceLatch()
        latch.expect(try Self.endpoint(Self.named), signalling: IPAddress("192.0.2.1"))
        let found = try c.packets.map { second, source in
            latch.accepts(
                try Self.endpoint(source), at: Instant(nanoseconds: 0) + .seconds(second))
        }
        #expect(found == c.believed)
    }

    @Test func anotherDescriptionBeginsAnew() throws {
        var latch = SourceLatch()
        let start = Instant(nanoseconds: 0)
        latch.expect(try Self.endpoint(Self.named), signalling: nil)
        #expect(latch.accepts(try Self.endpoint(Self.named), at: start))
        latch.expect(try Self.endpoint(Self.another), signalling: nil)
        #expect(latch.source == nil)
        #expect(latch.accepts(try Self.endpoint(Self.another), at: start))
        #expect(!latch.accepts(try Self.endpoint(Self.named), at: start))
    }
}
