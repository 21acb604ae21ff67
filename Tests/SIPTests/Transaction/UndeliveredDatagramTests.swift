import Primitives
import SIP
import Testing

/// What ICMP says of requests of ours (RFC 3261 §18.4).
@Suite struct UndeliveredDatagramTests {
    static let peer = Endpoint(IPAddress(v4: 0xc633_641f), port: 5062)  // 198.51.100.31
    static let hop = hop("198.51.100.31")

    static func hop(_ host: String, port: UInt16 = 5062) -> Destination {
        .hop(NextHop(transport: .udp, host: host, port: port))
    }

    /// Some requests under way, each to its destination.
    struct Calls {
        var x = Exchange()
        var ids: [ClientTransactionID] = []
        var octets: [[UInt8]] = []

        init(_ requests: (Method, Destination)...) throws {
            for (method, destination) in requests {
                let id = x.layer.send(
                    try TransactionLayerClientTests.request(method), to: destination,
                    sentBy: TransactionLayerClientTests.sentBy, now: x.now)
                ids.append(try #require(id))
                octets.append(try #require(x.drain().first?.octets))
            }
        }

        mutating func hear(
            _ cause: UndeliveredDatagram.Cause, of endpoint: Endpoint = peer, _ quote: [UInt8] = []
        ) -> UndeliveredDatagram.Effect {
            x.layer.undelivered(.init(cause, to: endpoint, quote: quote), now: x.now)
        }

        mutating func answer(_ i: Int, _ status: StatusCode) throws -> [Seen] {
            guard case .request(let request) = try Message(parsing: octets[i]) else { return [] }
            return x.receive(octets: request.response(status, toTag: "them").serialised())
        }
    }

    @Test(arguments: [Method.invite, "BYE", "OPTIONS", "UPDATE"])
    func aQuoteOfOurBranchEndsARequestAtOnce(method: Method) throws {
        var calls = try Calls((method, Self.hop))
        #expect(
            calls.hear(.refused, calls.octets[0].dropLast(20) + []) == .ended(1, callID: "ours"))
        #expect(calls.x.drain().texts == ["failed transport", "clientEnded"])
        #expect(calls.x.layer.count == 0)
    }

    /// A host sends few ICMP messages a second: one speaks for all.
    @Test func itEndsAllThatGoesThere() throws {
        var calls = try Calls(
            ("BYE", Self.hop), ("BYE", Self.hop), ("INVITE", Self.hop),
            ("BYE", Self.hop("198.51.100.31", port: 5060)), ("BYE", Self.hop("198.51.100.32")),
            ("BYE", .hop(NextHop(transport: .tcp, host: "198.51.100.31", port: 5062))))
        #expect(calls.hear(.refused, calls.octets[1]) == .ended(3, callID: "ours"))
        #expect(calls.x.layer.count == 3)
    }

    @Test func alsoOverIPv6() throws {
        let peer = try #require(Endpoint("[2001:db8::31]:5062"))
        var calls = try Calls(("BYE", Self.hop("2001:db8::31")))
        #expect(calls.hear(.refused, of: peer, calls.octets[0]) == .ended(1, callID: "ours"))
    }

    /// Whose address only the transport knows.
    @Test func alsoToAName() throws {
        let name = Self.hop("pbx.example.com")
        var calls = try Calls(("BYE", name), ("BYE", name), ("BYE", Self.hop))
        #expect(calls.hear(.refused) == .noted)
        #expect(calls.hear(.refused, calls.octets[0]) == .ended(2, callID: "ours"))
        #expect(calls.x.layer.count == 1)
    }

    /// As much as is quoted, octet by octet: the branch must be there to its end.
    @Test func everyLengthOfAQuote() throws {
        let whole = try Calls(("BYE", Self.hop)).octets[0]
        let text = String(decoding: whole, as: UTF8.self)
        let branch = try #require(text.firstRange(of: "branch=z9hG4bKn1e1-"))
        let needed = text.utf8.distance(from: text.startIndex, to: branch.upperBound) + 16
        for length in 0...whole.count {
            var calls = try Calls(("BYE", Self.hop))
            let effect = calls.hear(.refused, Array(whole.prefix(length)))
            #expect(effect == (length < needed ? .noted : .ended(1, callID: "ours")))
        }
    }

    /// Who can't see our requests doesn't know their branches.
    @Test func withoutProofItCountsWhenSaidOfARetransmission() throws {
        var calls = try Calls(("BYE", Self.hop), ("INVITE", Self.hop))
        for quote in ["", "BYE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKn1e1-0\r\n"] {
            #expect(calls.hear(.refused, Array(quote.utf8)) == .noted)
            calls.x.now = calls.x.now + .milliseconds(10)
        }
        #expect(calls.x.pass(600).sent == ["BYE", "INVITE"])
        #expect(calls.hear(.refused) == .ended(2, callID: "ours"))
        #expect(
            calls.x.drain().texts == [
                "failed transport", "clientEnded", "failed transport", "clientEnded",
            ])
    }

    @Test func aTrueBranchWithAnotherDestinationIsNoProof() throws {
        var calls = try Calls(("BYE", Self.hop))
        let other = Endpoint(Self.peer.address, port: 5060)
        #expect(calls.hear(.refused, of: other, calls.octets[0]) == .none)
        #expect(calls.x.layer.count == 1)
    }

    @Test func whoAnswersIsThere() throws {
        var calls = try Calls(("OPTIONS", Self.hop))
        #expect(calls.hear(.refused) == .noted)
        _ = try calls.answer(0, .trying)
        _ = calls.x.pass(5_000)
        #expect(calls.hear(.refused) == .noted)
    }

    /// Routes and neighbours come back: 12*T1 must pass, with a retransmission.
    @Test(arguments: [true, false])
    func unreachableCountsWhenItLasts(isQuoted: Bool) throws {
        var calls = try Calls(("BYE", Self.hop))
        let quote = isQuoted ? calls.octets[0] : []
        #expect(calls.hear(.unreachable, quote) == .noted)
        for _ in 0..<5 {
            _ = calls.x.pass(1_000)
            #expect(calls.hear(.unreachable, quote) == .noted)
        }
        _ = calls.x.pass(1_000)
        #expect(calls.hear(.unreachable, quote) == .ended(1, callID: "ours"))
    }

    @Test func nothingThatHasItsAnswerEnds() throws {
        var calls = try Calls(
            ("INVITE", Self.hop), ("INVITE", Self.hop), ("INVITE", Self.hop), ("BYE", Self.hop))
        _ = try calls.answer(0, .ringing)
        _ = try calls.answer(1, .ok)
        let acks = try calls.answer(2, .busyHere)
        _ = try calls.answer(3, .ok)
        _ = calls.x.pass(500)
        for quote in calls.octets + [acks.first?.octets ?? []] {
            #expect(calls.hear(.refused, quote) == .none)
        }
        #expect(calls.hear(.refused) == .none)
        #expect(calls.x.drain().texts == [])
        #expect(calls.x.layer.count == 4)
    }

    /// The ACK of a refusal shows that nobody is there any more for what else goes there.
    @Test func anAckIsQuoted() throws {
        var calls = try Calls(("INVITE", Self.hop), ("BYE", Self.hop))
        let ack = try #require(try calls.answer(0, .busyHere).first?.octets)
        #expect(calls.hear(.refused, ack) == .ended(1, callID: "ours"))
        #expect(calls.x.drain().texts == ["failed transport", "clientEnded"])
    }

    /// CANCEL has the branch of its INVITE, which has been answered provisionally and goes on.
    @Test func aCancelIsQuoted() throws {
        var calls = try Calls(("INVITE", Self.hop))
        _ = try calls.answer(0, .ringing)
        calls.x.layer.cancel(calls.ids[0], now: calls.x.now)
        let seen = calls.x.drain()
        #expect(seen.sent == ["CANCEL"])
        #expect(calls.hear(.refused, seen.first?.octets ?? []) == .ended(1, callID: "ours"))
        #expect(calls.x.drain().texts == [])
        #expect(calls.x.layer.count == 1)
    }

    /// Responses are left to their timers.
    @Test func aResponseIsQuoted() throws {
        var x = Exchange()
        let request = try #require(x.receive(Exchange.request(.invite)).request)
        let sent = x.respond(request.id, to: request.request, .busyHere)
        let effect = x.layer.undelivered(
            .init(.refused, to: Exchange.there, quote: try #require(sent.first?.octets)),
            now: x.now)
        #expect(effect == .none)
        #expect(x.pass(500).sent == ["486"])
    }

    /// Thousands wait there: forged messages get a small share of the time.
    @Test func aFloodWithoutProofIsNotLookedAt() throws {
        var calls = try Calls(("BYE", Self.hop))
        #expect(calls.hear(.refused) == .noted)
        #expect(calls.hear(.refused) == .none)
        calls.x.now = calls.x.now + .microseconds(1)
        #expect(calls.hear(.refused) == .noted)
        #expect(calls.hear(.refused, calls.octets[0]) == .ended(1, callID: "ours"))
    }

    /// What was too long for a datagram went by TCP first.
    @Test func afterTCPWasRefused() throws {
        var x = Exchange()
        let request = try TransactionLayerClientTests.request(.invite, body: 1500)
        _ = x.layer.send(
            request, to: Self.hop, sentBy: TransactionLayerClientTests.sentBy, now: x.now)
        _ = x.drain()
        let none = UndeliveredDatagram(.refused, to: Self.peer, quote: [])
        #expect(x.layer.undelivered(none, now: x.now) == .none)
        let tcp = Destination.hop(NextHop(transport: .tcp, host: "198.51.100.31", port: 5062))
        x.layer.transportFailed(tcp, now: x.now)
        let sent = try #require(x.drain().first?.octets)
        let proof = UndeliveredDatagram(.refused, to: Self.peer, quote: Array(sent.prefix(520)))
        #expect(x.layer.undelivered(proof, now: x.now) == .ended(1, callID: "ours"))
    }
}
