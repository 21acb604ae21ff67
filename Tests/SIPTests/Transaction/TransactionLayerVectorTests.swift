import SIP
import Testing

/// The messages of RFC 4475 that are about transactions, and everything mutated.
@Suite struct TransactionLayerVectorTests {
    private func octets(_ name: String) throws -> [UInt8] {
        try Vector(collection: "rfc4475", name: name).octets
    }

    /// §3.2.1: the branch is the bare cookie; never a shared transaction.
    @Test func badbranch() throws {
        var x = Exchange()
        let options = try octets("badbranch")
        #expect(x.receive(octets: options).texts == ["request OPTIONS"])
        #expect(x.receive(octets: options).texts == [])
        let text = String(decoding: options, as: UTF8.self)
        guard let callID = text.split(separator: "\r\n").first(where: { $0.hasPrefix("Call-ID:") })
        else {
            Issue.record("no Call-ID")
            return
        }
        let other = text.replacing(callID, with: "Call-ID: another")
        #expect(x.receive(octets: Array(other.utf8)).texts == ["request OPTIONS"])
    }

    /// §3.4.1: an INVITE as RFC 2543 had it; matched by its rules, and so is its ACK.
    @Test func inv2543() throws {
        var x = Exchange()
        let octets = try octets("inv2543")
        let (id, request) = try #require(x.receive(octets: octets).request)
        #expect(x.respond(id, to: request, .busyHere).texts == ["send 486"])
        #expect(x.receive(octets: octets).texts == ["send 486"])
        let invite = String(decoding: octets, as: UTF8.self)
        let to = try #require(request.headers[first: .to])
        let ack =
            invite.replacing("INVITE sip", with: "ACK sip").replacing("INVITE\r\n", with: "ACK\r\n")
            .replacing(": \(to)\r\n", with: ": \(to);tag=us\r\n")
        #expect(x.receive(octets: Array(ack.utf8)).texts == [])
        #expect(x.pass(5000).texts == ["serverEnded"])
    }

    /// Whatever comes, nothing crashes; and when every request gets a final response and 64*T1 are
    /// over, nothing is left.
    @Test(arguments: 1...8 as ClosedRange<UInt64>) func mutatedMessages(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let vectors = try Vector.all("rfc4475").map { try $0.octets }
        var x = Exchange(seed: seed, maximum: 200)
        for _ in 0..<1500 {
            var octets = vectors.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...6, using: &random) where !octets.isEmpty {
                let place = Int.random(in: 0..<octets.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: octets[place] = UInt8.random(in: .min ... .max, using: &random)
                case 1: octets.remove(at: place)
                default: octets.removeSubrange(place..<min(place + 40, octets.count))
                }
            }
            let flow = Bool.random(using: &random) ? Exchange.udp : Exchange.tcp
            for seen in x.receive(octets: octets, on: flow) {
                guard let (id, request) = seen.request else { continue }
                let statuses: [StatusCode] = [.trying, .ok, .busyHere, .requestTimeout]
                _ = x.respond(id, to: request, statuses.randomElement(using: &random) ?? .ok)
                _ = x.respond(id, to: request, .serverInternalError)
            }
            _ = x.pass(Int.random(in: 0...200, using: &random))
            if Int.random(in: 0..<50, using: &random) == 0 {
                x.layer.transportFailed(.flow(flow), now: x.now)
                _ = x.drain()
            }
        }
        _ = x.pass(70_000)
        #expect(x.layer.count == 0)
        #expect(x.layer.deadline == nil)
    }
}
