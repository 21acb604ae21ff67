import Primitives
import SIP
import Testing

/// What becomes of a session when ICMP says that its peer is gone.
struct UndeliveredCoreTests {
    static let phone = Endpoint("198.51.100.21:5060") ?? Endpoint(.loopbackV4, port: 9)

    static func refuse(
        _ bench: Bench, _ quote: [UInt8], at endpoint: Endpoint = phone
    ) -> UndeliveredDatagram.Effect? {
        var effect: UndeliveredDatagram.Effect?
        bench.perform {
            effect = $0.undelivered(.init(.refused, to: endpoint, quote: quote), now: $1)
        }
        return effect
    }

    @Test(arguments: [true, false])
    func aRefreshThatReachesNobodyEndsTheSessionWithoutBye(byUpdate: Bool) throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 120;refresher=uas\n"
                + (byUpdate ? "Allow: INVITE, ACK, BYE, UPDATE\n" : "Allow: INVITE, ACK, BYE\n"))
        bench.wait(60)
        let refresh = try #require(bench.takeRequests().first)
        #expect(refresh.method == (byUpdate ? .update : .invite))
        #expect(Self.refuse(bench, refresh.serialised()) == .ended(1, callID: caller.callID))
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.takeSent().isEmpty && bench.core.isIdle)
        #expect(bench.core.entryCount == 0 && bench.core.deadline == nil)
    }

    @Test func aByeThatReachesNobodyIsDone() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.perform { $0.end(id, now: $1) }
        let bye = try #require(bench.takeRequests().first)
        #expect(!bench.core.isIdle)
        #expect(Self.refuse(bench, bye.serialised()) == .ended(1, callID: caller.callID))
        #expect(bench.core.isIdle)
        bench.wait(32)
        #expect(bench.takeSent().isEmpty && bench.core.entryCount == 0)
    }

    @Test func aCallOfOursToNobodyFails() throws {
        let bench = Bench()
        let (_, invite) = try OutgoingCallTests.start(bench)
        let nobody = try #require(Endpoint("198.51.100.9:5060"))
        guard case .ended? = Self.refuse(bench, invite.serialised(), at: nobody) else {
            Issue.record("not ended")
            return
        }
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.core.isIdle)
    }

    /// The ACK may come another way, and the 2xx is repeated until it does.
    @Test func aTwoHundredThatReachesNobodyIsRepeated() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().last)
        #expect(Self.refuse(bench, ok.serialised()) == UndeliveredDatagram.Effect.none)
        bench.wait(0.5)
        #expect(bench.takeResponses().map(\.status) == [.ok])
        caller.remoteTag = try ok.headers.to.tag
        bench.receive(caller.request("ACK"))
        #expect(bench.takeEvents().map(\.name) == ["established"])
    }
}
