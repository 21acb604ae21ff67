import Primitives
import SIP
import Testing

@Suite struct TransactionLayerServerTests {
    @Test func anInviteFromRingToConfirmedRefusal() throws {
        var x = Exchange()
        let invite = Exchange.request(.invite)
        let (id, request) = try #require(x.receive(invite).request)
        #expect(x.receive(invite).texts == [])
        #expect(x.pass(199).texts == [])
        #expect(x.pass(1).texts == ["send 100"])
        #expect(x.receive(invite).texts == ["send 100"])
        #expect(x.respond(id, to: request, .ringing).texts == ["send 180"])
        #expect(x.receive(invite).texts == ["send 180"])
        #expect(x.respond(id, to: request, .busyHere).texts == ["send 486"])
        #expect(x.receive(invite).texts == ["send 486"])
        #expect(x.pass(1500).texts == ["send 486", "send 486"])
        #expect(x.receive(Exchange.request(.ack, toTag: "us")).texts == [])
        #expect(x.receive(Exchange.request(.ack, toTag: "us")).texts == [])
        #expect(x.respond(id, to: request, .ok).texts == [])
        #expect(x.pass(5000).texts == ["serverEnded"])
        #expect(x.layer.count == 0)
        #expect(x.layer.deadline == nil)
        #expect(x.layer.statistics.repeatedRequests == 4)
        #expect(x.layer.statistics.retransmissions == 2)
    }

    @Test func trying100HasNoTagAndCopiesTimestamp() throws {
        var x = Exchange()
        _ = x.receive(Exchange.request(.invite, extra: "Timestamp: 54"))
        let octets = try #require(x.pass(200).first?.octets)
        guard case .response(let response) = try Message(parsing: octets) else { return }
        #expect(try response.headers.to.tag == nil)
        #expect(response.headers[first: .timestamp] == "54")
    }

    @Test func aRefusalThatNobodyAcknowledges() throws {
        var x = Exchange()
        let (id, request) = try #require(x.receive(Exchange.request(.invite)).request)
        _ = x.respond(id, to: request, .notFound)
        let seen = x.pass(32000)
        #expect(seen.sent.count == 10)
        #expect(seen.texts.suffix(2) == ["unacknowledged", "serverEnded"])
    }

    @Test func anAnsweredInviteAbsorbsAndPassesAcksUp() throws {
        var x = Exchange()
        let invite = Exchange.request(.invite)
        let (id, request) = try #require(x.receive(invite).request)
        #expect(x.respond(id, to: request, .ok).texts == ["send 200"])
        #expect(x.receive(invite).texts == [])
        // The user repeats its 2xx, by the same way.
        #expect(x.respond(id, to: request, .ok).texts == ["send 200"])
        let ack = Exchange.request(.ack, branch: "z9hG4bKother", toTag: "us")
        #expect(x.receive(ack).texts == ["ack"])
        #expect(x.receive(Exchange.request(.ack, toTag: "us")).texts == ["ack invite"])
        #expect(x.pass(32000).texts == ["serverEnded"])
    }

    @Test func nonInviteIsAnsweredFromItsTransaction() throws {
        var x = Exchange()
        let bye = Exchange.request(.bye, toTag: "us")
        let (id, request) = try #require(x.receive(bye).request)
        #expect(x.receive(bye).texts == [])
        #expect(x.respond(id, to: request, .ringing).texts == [])
        #expect(x.respond(id, to: request, .ok).texts == ["send 200"])
        #expect(x.receive(bye).texts == ["send 200"])
        #expect(x.pass(32000).texts == ["serverEnded"])
        // Then it is a new request.
        #expect(x.receive(bye).texts == ["request BYE"])
    }

    @Test func nonInviteWithoutAnswerGets100AndNoFinalResponse() throws {
        var x = Exchange()
        let (id, request) = try #require(x.receive(Exchange.request("MESSAGE")).request)
        #expect(x.pass(3499).texts == [])
        #expect(x.pass(1).texts == ["send 100"])
        #expect(x.pass(28500).texts == ["serverEnded"])
        #expect(x.respond(id, to: request, .ok).texts == [])
    }

    @Test func overTCPNothingIsRepeated() throws {
        var x = Exchange()
        let invite = Exchange.request(.invite, transport: "TCP")
        let (id, request) = try #require(x.receive(invite, on: Exchange.tcp).request)
        _ = x.respond(id, to: request, .busyHere)
        #expect(x.pass(31999).texts == [])
        let ack = Exchange.request(.ack, toTag: "us", transport: "TCP")
        #expect(x.receive(ack, on: Exchange.tcp).texts == ["serverEnded"])
        let bye = Exchange.request(.bye, transport: "TCP")
        let (byeID, byeRequest) = try #require(x.receive(bye, on: Exchange.tcp).request)
        #expect(x.respond(byeID, to: byeRequest, .ok).texts == ["send 200", "serverEnded"])
    }

    // MARK: G25

    @Test func aCancelAfterThe200ChangesNothing() throws {
        var x = Exchange()
        let (id, invite) = try #require(x.receive(Exchange.request(.invite)).request)
        _ = x.respond(id, to: invite, .ok)
        let seen = x.receive(Exchange.request(.cancel))
        #expect(seen.texts == ["cancel invite"])
        let (cancelID, cancel) = try #require(seen.request)
        #expect(x.respond(cancelID, to: cancel, .ok).texts == ["send 200"])
        // What a user does that knows no better draws nothing.
        #expect(x.respond(id, to: invite, .requestTerminated).texts == [])
        #expect(x.receive(Exchange.request(.cancel)).texts == ["send 200"])
    }

    @Test func aCancelWhileItRings() throws {
        var x = Exchange()
        let (id, invite) = try #require(x.receive(Exchange.request(.invite)).request)
        guard
            case .cancel(_, _, _, let matched) = x.receive(Exchange.request(.cancel)).first?.action
        else {
            Issue.record("no cancel")
            return
        }
        #expect(matched == id)
        #expect(x.respond(id, to: invite, .requestTerminated).texts == ["send 487"])
    }

    @Test(arguments: [
        Exchange.request(.cancel, branch: "z9hG4bKnever"),
        Exchange.request(.cancel, sentBy: "203.0.113.9:5060"),
    ]) func aCancelOfNothing(cancel: String) {
        var x = Exchange()
        _ = x.receive(Exchange.request(.invite))
        #expect(x.receive(cancel).texts == ["cancel nothing"])
    }

    @Test func aCancelOfAnotherRequestThanInviteMatchesNone() {
        var x = Exchange()
        _ = x.receive(Exchange.request(.options))
        #expect(x.receive(Exchange.request(.cancel)).texts == ["cancel nothing"])
    }

    // MARK: G26

    @Test func mergedRequestsAreTold() throws {
        var x = Exchange()
        let (first, _) = try #require(x.receive(Exchange.request(.invite)).request)
        let seen = x.receive(Exchange.request(.invite, branch: "z9hG4bKb"))
        guard case .request(let second, let request, _, let merged) = seen.first?.action else {
            Issue.record("no request")
            return
        }
        #expect(merged == first)
        #expect(x.respond(second, to: request, .loopDetected).texts == ["send 482"])
        #expect(x.layer.statistics.mergedRequests == 1)
    }

    @Test(arguments: [
        Exchange.request(.invite, branch: "z9hG4bKb", cseq: 2),
        Exchange.request(.invite, branch: "z9hG4bKb", callID: "c2"),
        Exchange.request(.invite, branch: "z9hG4bKb", fromTag: "g"),
        Exchange.request(.invite, branch: "z9hG4bKb", toTag: "us"),
        Exchange.request(.options, branch: "z9hG4bKb"),
    ]) func otherRequestsAreNotMerged(request: String) {
        var x = Exchange()
        _ = x.receive(Exchange.request(.invite))
        #expect(x.receive(request).texts.allSatisfy { !$0.contains("merged") })
    }

    @Test func nothingIsMergedWithWhatIsOver() throws {
        var x = Exchange()
        let (id, request) = try #require(x.receive(Exchange.request(.invite)).request)
        _ = x.respond(id, to: request, .ok)
        _ = x.pass(32000)
        #expect(
            x.receive(Exchange.request(.invite, branch: "z9hG4bKb")).texts == ["request INVITE"])
    }

    // MARK: Peers of RFC 2543, bare cookies

    @Test(arguments: ["z9hG4bK", "1", "Z9HG4BK"]) func matchesWithoutAUniqueBranch(
        branch: String
    ) throws {
        var x = Exchange()
        let invite = Exchange.request(.invite, branch: branch)
        let (id, request) = try #require(x.receive(invite).request)
        #expect(x.receive(invite).texts == [])
        // Another call with the same useless branch.
        let other = Exchange.request(.invite, branch: branch, callID: "c2")
        #expect(x.receive(other).texts == ["request INVITE"])
        #expect(
            x.receive(Exchange.request(.cancel, branch: branch)).texts == ["cancel invite"])
        #expect(x.respond(id, to: request, .busyHere).texts == ["send 486"])
        #expect(x.receive(invite).texts == ["send 486"])
        // An ACK matches by the tag of our response.
        #expect(
            x.receive(Exchange.request(.ack, branch: branch, toTag: "them")).texts == ["ack"])
        #expect(x.receive(Exchange.request(.ack, branch: branch, toTag: "us")).texts == [])
    }

    @Test func anAckForA2xxFromAnRFC2543PeerIsPassedUp() throws {
        var x = Exchange()
        let (id, request) = try #require(x.receive(Exchange.request(.invite, branch: "1")).request)
        _ = x.respond(id, to: request, .ok)
        #expect(x.receive(Exchange.request(.ack, branch: "1", toTag: "us")).texts == ["ack invite"])
    }

    @Test func twoOfOneKeyWithDifferentTagsAreNotShared() {
        var x = Exchange()
        let first = Exchange.request(.invite, branch: "1")
        let second = Exchange.request(.invite, branch: "1", toTag: "t")
        #expect(x.receive(first).texts == ["request INVITE"])
        #expect(x.receive(second).texts == ["request INVITE"])
        #expect(x.receive(second).texts == [])
    }

    // MARK: Failure

    @Test func tooManyGet503WithoutATransaction() throws {
        var x = Exchange(maximum: 4)
        for i in 0..<4 {
            _ = x.receive(Exchange.request(.invite, branch: "z9hG4bK-\(i)", callID: "\(i)"))
        }
        let fifth = Exchange.request(.invite, branch: "z9hG4bK-5", callID: "5")
        let seen = x.receive(fifth)
        #expect(seen.texts == ["send 503"])
        guard case .response(let refusal) = seen.first?.message else { return }
        #expect(refusal.headers[first: .retryAfter] == "10")
        // The same answer to the same request, and no transaction.
        #expect(x.receive(fifth).first?.octets == seen.first?.octets)
        #expect(x.layer.count == 4)
        #expect(x.layer.statistics.overloads == 2)
        // What ends a call still gets in.
        #expect(
            x.receive(Exchange.request(.cancel, branch: "z9hG4bK-1", callID: "1")).texts
                == ["cancel invite"])
        #expect(
            x.receive(Exchange.request(.bye, branch: "z9hG4bK-b", toTag: "t")).texts == ["send 503"]
        )
    }

    @Test func aBrokenWayEndsNonInviteAndIsToldForInvite() throws {
        var x = Exchange()
        _ = x.receive(Exchange.request(.invite, callID: "1"))
        let (id, request) = try #require(
            x.receive(Exchange.request(.options, branch: "z9hG4bKo")).request)
        let seen = x.respond(id, to: request, .ok)
        let destination = try #require(seen.first?.destination)
        x.layer.transportFailed(destination, now: x.now)
        let failed = x.drain()
        #expect(failed.texts.sorted() == ["serverEnded", "undeliverable", "undeliverable"])
        #expect(x.layer.count == 1)
    }

    @Test func aViaThatCannotBeReadGets400WhereItCameFrom() {
        var x = Exchange()
        let seen = x.receive(
            """
            INVITE sip:a@example.com SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.15;;,;,,
            Max-Forwards: 70
            From: <sip:202@pbx.example.com>;tag=a
            To: <sip:a@example.com>
            Call-ID: c
            CSeq: 1 INVITE
            """)
        #expect(seen.texts == ["send 400"])
        #expect(seen.first?.remote == "198.51.100.31:50933")
        #expect(x.layer.count == 0)
    }

    /// 10,000 calls at once: everything about the last one is as about the first.
    @Test func manyAtOnce() throws {
        var x = Exchange(maximum: 20_000)
        for i in 0..<10_000 {
            let (id, request) = try #require(
                x.receive(Exchange.request(.invite, branch: "z9hG4bK\(i)", callID: "\(i)")).request)
            if i % 2 == 0 { _ = x.respond(id, to: request, .busyHere) }
        }
        #expect(x.pass(200).sent.filter { $0 == "100" }.count == 5000)
        #expect(x.layer.count == 10_000)
        #expect(x.pass(40_000).texts.filter { $0 == "serverEnded" }.count == 5000)
        #expect(x.layer.count == 5000)
        #expect(x.layer.deadline == nil)
    }
}
