import Primitives
import SIP
import Testing

struct IncomingCallTests {
    @Test func aCallFromInviteToBye() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Record-Route: <sip:203.0.113.3;lr>\n"),
            body: Caller.offer)
        let events = bench.takeEvents()
        guard case .invited(let id, let request, _, let offer)? = events.first else {
            Issue.record("no invited in \(events)")
            return
        }
        #expect(request.method == .invite)
        #expect(offer?.contentType == "application/sdp")
        #expect(bench.takeSent().isEmpty)
        bench.wait(0.3)
        #expect(bench.takeResponses().map(\.status) == [.trying])

        bench.perform { $0.progress(id, .ringing, now: $1) }
        let ringing = try #require(bench.takeResponses().first)
        #expect(ringing.status == .ringing)
        let tag = try #require(try ringing.headers.to.tag)
        #expect(tag.hasPrefix("n1"))
        #expect(ringing.headers[first: .recordRoute] == "<sip:203.0.113.3;lr>")

        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().first)
        #expect(ok.status == .ok)
        #expect(try ok.headers.to.tag == tag)
        #expect(ok.headers[first: .contact] == "<sip:music@192.0.2.10>")
        #expect(ok.headers[first: .contentType] == "application/sdp")
        #expect(ok.body == Caller.answer.bytes)
        #expect(ok.headers[first: .recordRoute] == "<sip:203.0.113.3;lr>")
        #expect(ok.headers[first: .server] == "bench")
        #expect(!ok.headers.contains(.sessionExpires))

        caller.remoteTag = tag
        bench.receive(caller.request("ACK"))
        #expect(bench.takeEvents().map(\.name) == ["established"])
        bench.wait(100)
        #expect(bench.takeSent().isEmpty)

        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
        #expect(bench.takeEvents().map(\.cause) == ["bye"])
        #expect(bench.core.sessionCount == 0 && bench.core.isIdle)
        bench.wait(40)
        #expect(bench.core.deadline == nil)
    }
}

// MARK: - CANCEL, BYE and ACK out of the ordinary

extension IncomingCallTests {
    @Test func cancelBeforeTheAnswerIs487() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .ringing, now: $1) }
        _ = bench.takeSent()
        bench.receive(caller.same("CANCEL", "Reason: SIP;cause=200\n"))
        let responses = bench.takeResponses()
        #expect(responses.map(\.status) == [.ok, .requestTerminated])
        #expect(try responses[0].headers.cseq.method == .cancel)
        #expect(try responses[1].headers.cseq.method == .invite)
        #expect(bench.takeEvents().map(\.cause) == ["cancelled"])
        caller.remoteTag = try responses[1].headers.to.tag
        bench.receive(caller.same("ACK"))
        bench.wait(60)
        #expect(bench.takeSent().isEmpty && bench.core.deadline == nil && bench.core.isIdle)
    }

    /// G25, first call.
    @Test func cancelAfterTheAnswerDoesNothing() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let tag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.same("CANCEL"))
        let cancelled = bench.takeResponses()
        #expect(cancelled.map(\.status) == [.ok])
        // RFC 3261 §9.2: the tag is that of the INVITE's response.
        #expect(try cancelled.first?.headers.to.tag == tag)
        caller.remoteTag = tag
        bench.receive(caller.request("ACK"))
        #expect(bench.takeEvents().map(\.name) == ["established"])
        bench.wait(3)
        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
        #expect(bench.takeEvents().map(\.cause) == ["bye"])
    }

    /// G25, second call.
    @Test func byeBeforeTheAcknowledgement() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
        #expect(bench.takeEvents().map(\.cause) == ["bye"])
        bench.wait(0.2)
        bench.receive(caller.request("ACK", sequence: 1))
        bench.wait(60)
        #expect(bench.takeSent().isEmpty && bench.takeEvents().isEmpty && bench.core.isIdle)
    }

    /// G25, third call.
    @Test func cancelOfNothingIs481() {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("CANCEL"))
        #expect(bench.takeResponses().map(\.status) == [.callOrTransactionDoesNotExist])
    }

    @Test func byeInTheEarlyDialogEndsTheInvite() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .ringing, now: $1) }
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.next("BYE"))
        #expect(Set(bench.takeResponses().map(\.status)) == [.ok, .requestTerminated])
        #expect(bench.takeEvents().map(\.cause) == ["bye"])
    }

    /// G27, first run: over TCP as well as UDP.
    @Test(arguments: [TransportProtocol.udp, .tcp])
    func withoutAcknowledgementA200IsRepeatedAndThenByeIsSent(transport: TransportProtocol) throws {
        let bench = Bench()
        var caller = Caller()
        caller.transport = transport.viaText
        let flow = Bench.flow("198.51.100.21:5060", transport, connection: 7)
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer, on: flow)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        bench.wait(40)
        let sent = bench.takeSent()
        let times = sent.compactMap { $0.response?.status == .ok ? $0.time : nil }
        #expect(times == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5])
        let bye = try #require(sent.first { $0.request?.method == .bye })
        #expect(bye.time == 32)
        #expect(bench.takeEvents().map(\.cause) == ["noAcknowledgement"])
        bench.wait(60)
        #expect(bench.core.isIdle && bench.core.deadline == nil)
    }

    /// G27, second run.
    @Test func aLateAcknowledgementStopsTheRepeats() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        bench.wait(10)
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.request("ACK"))
        bench.wait(1)
        bench.receive(caller.request("ACK"))
        bench.wait(60)
        #expect(bench.takeSent().isEmpty)
        #expect(bench.takeEvents().map(\.name) == ["established"])
        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
    }

    /// RFC 3261 §15: the callee sends no BYE before the ACK.
    @Test func ourByeWaitsForTheAcknowledgement() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.perform { $0.end(id, reason: "SIP;cause=503;text=\"Drained\"", now: $1) }
        #expect(bench.takeEvents().map(\.cause) == ["hungUp"])
        bench.wait(0.4)
        #expect(bench.takeSent().isEmpty)
        #expect(!bench.core.isIdle)
        bench.receive(caller.request("ACK"))
        let bye = try #require(bench.takeRequests().first)
        #expect(bye.method == .bye)
        #expect(bye.headers[first: .reason] == "SIP;cause=503;text=\"Drained\"")
        bench.receive(octets: bye.response(.ok).serialised())
        #expect(bench.takeEvents().isEmpty && bench.core.isIdle)
    }
}

// MARK: - Offers

extension IncomingCallTests {
    /// G28.
    @Test func anInviteWithoutOfferGetsOursAndItsAnswerInTheAcknowledgement() throws {
        let bench = Bench()
        let flow = Bench.flow("203.0.113.60:5060", .tcp, connection: 3)
        bench.receive(
            """
            INVITE sip:music@pbx.example.com SIP/2.0
            Via: SIP/2.0/TCP 203.0.113.60:5060;branch=z9hG4bKg28
            From: <sip:+15550160@cucm.example.net>;tag=g28
            To: <sip:music@pbx.example.com>
            Call-ID: g28@203.0.113.60
            CSeq: 101 INVITE
            Max-Forwards: 70
            Contact: <sip:+15550160@203.0.113.60:5060;transport=tcp>
            Supported: timer,resource-priority,replaces
            Min-SE: 1800
            Session-Expires: 1800
            Expires: 180
            Allow: INVITE, OPTIONS, INFO, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY
            Content-Length: 0
            """, on: flow)
        guard case .invited(let id, _, _, let offer)? = bench.takeEvents().first else {
            Issue.record("not invited")
            return
        }
        #expect(offer == nil)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().first)
        #expect(ok.status == .ok && ok.body == Caller.answer.bytes)
        #expect(ok.headers[first: .sessionExpires] == "1800;refresher=uac")
        #expect(try ok.headers.require == ["timer"])
        #expect(ok.headers[first: .contact] == "<sip:music@192.0.2.10;transport=tcp>")
        #expect(bench.takeEvents().isEmpty)
        bench.receive(
            """
            ACK sip:music@192.0.2.10;transport=tcp SIP/2.0
            Via: SIP/2.0/TCP 203.0.113.60:5060;branch=z9hG4bKg28a
            From: <sip:+15550160@cucm.example.net>;tag=g28
            To: <sip:music@pbx.example.com>;tag=\(try ok.headers.to.tag ?? "")
            Call-ID: g28@203.0.113.60
            CSeq: 101 ACK
            Max-Forwards: 70
            Content-Type: application/sdp
            """, body: Caller.offer, on: flow)
        #expect(bench.takeEvents().map(\.name) == ["answered", "established"])
    }

    @Test func anOfferOfOursWithoutAnswerEndsTheCall() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE"))
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.request("ACK"))
        #expect(bench.takeRequests().map(\.method) == [.bye])
        #expect(bench.takeEvents().map(\.cause) == ["unanswered"])
    }

    @Test func aRefusalCarriesItsHeaderFields() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform {
            $0.reject(
                id,
                Rejection(
                    .notAcceptableHere,
                    headers: [.init(.warning, "304 192.0.2.10 \"Media type not available\"")]),
                now: $1)
        }
        let response = try #require(bench.takeResponses().first)
        #expect(response.status == .notAcceptableHere)
        #expect(response.headers.contains(.warning))
        #expect(bench.takeEvents().map(\.cause) == ["refused"])
        // Until its ACK comes, the refusal is repeated by the transaction.
        bench.wait(0.6)
        #expect(bench.takeResponses().map(\.status) == [.notAcceptableHere])
        caller.remoteTag = try response.headers.to.tag
        bench.receive(caller.same("ACK"))
        bench.wait(60)
        #expect(bench.takeSent().isEmpty)
    }
}

// MARK: - Reliable provisional responses

extension IncomingCallTests {
    @Test func reliablyWhereRequired() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Require: 100rel\n"), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .sessionProgress, body: Caller.answer, now: $1) }
        let progress = try #require(bench.takeResponses().first)
        #expect(progress.status == .sessionProgress)
        #expect(try progress.headers.require == ["100rel"])
        let rseq = try #require(try progress.headers.rseq)
        caller.remoteTag = try progress.headers.to.tag
        bench.wait(4)
        let repeats = bench.takeSent().filter { $0.response?.status == .sessionProgress }
        #expect(repeats.map(\.time) == [0.5, 1.5, 3.5])

        // The 200 waits for the PRACK.
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        #expect(bench.takeSent().isEmpty)
        bench.receive(caller.next("PRACK", "RAck: \(rseq + 1) 1 INVITE\n"))
        #expect(bench.takeResponses().map(\.status) == [.callOrTransactionDoesNotExist])
        bench.receive(caller.next("PRACK", "RAck: \(rseq) 1 INVITE\n"))
        let responses = bench.takeResponses()
        #expect(responses.map(\.status) == [.ok, .ok])
        #expect(try responses[0].headers.cseq.method == .prack)
        #expect(try responses[1].headers.cseq.method == .invite)
        // The answer went in the 183: the 200 has none.
        #expect(responses[1].body.isEmpty)
        bench.receive(caller.request("ACK", sequence: 1))
        #expect(bench.takeEvents().map(\.name) == ["established"])
    }

    @Test func onlyIfAskedWhereSupported() throws {
        for reliably in [false, true] {
            let bench = Bench()
            var caller = Caller()
            bench.receive(
                caller.request("INVITE", Caller.sdp + "Supported: 100rel\n"), body: Caller.offer)
            let id = try #require(bench.takeEvents().first?.session)
            bench.perform { $0.progress(id, .ringing, reliably: reliably, now: $1) }
            #expect(bench.takeResponses().first?.headers.contains(.rseq) == reliably)
        }
    }

    @Test func aSecondReliableResponseWaitsForTheFirst() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Require: 100rel\n"), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform {
            $0.progress(id, .ringing, now: $1)
            $0.progress(id, .queued, now: $1)
        }
        let first = try #require(bench.takeResponses().first)
        let rseq = try #require(try first.headers.rseq)
        caller.remoteTag = try first.headers.to.tag
        bench.receive(caller.next("PRACK", "RAck: \(rseq) 1 INVITE\n"))
        let responses = bench.takeResponses()
        #expect(responses.map(\.status) == [.ok, .queued])
        #expect(try responses[1].headers.rseq == rseq + 1)
    }

    @Test func theOfferInAReliableResponseIsAnsweredInThePRACK() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", "Require: 100rel\n"))
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .sessionProgress, body: Caller.answer, now: $1) }
        let progress = try #require(bench.takeResponses().first)
        #expect(progress.body == Caller.answer.bytes)
        caller.remoteTag = try progress.headers.to.tag
        let rseq = try #require(try progress.headers.rseq)
        bench.receive(
            caller.next("PRACK", Caller.sdp + "RAck: \(rseq) 1 INVITE\n"), body: Caller.offer)
        #expect(bench.takeResponses().map(\.status) == [.ok])
        #expect(bench.takeEvents().map(\.name) == ["answered"])
        bench.perform { $0.accept(id, body: nil, now: $1) }
        #expect(bench.takeResponses().map(\.status) == [.ok])
    }

    @Test func anOfferInThePRACKIsAnsweredInIts200() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Require: 100rel\n"), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .sessionProgress, body: Caller.answer, now: $1) }
        let progress = try #require(bench.takeResponses().first)
        caller.remoteTag = try progress.headers.to.tag
        let rseq = try #require(try progress.headers.rseq)
        bench.receive(
            caller.next("PRACK", Caller.sdp + "RAck: \(rseq) 1 INVITE\n"), body: Caller.offer)
        #expect(bench.takeSent().isEmpty)
        #expect(bench.takeEvents().map(\.name) == ["reoffered"])
        bench.perform { $0.accept(id, body: nil, now: $1) }
        #expect(bench.takeSent().isEmpty)
        bench.perform { $0.acceptOffer(id, body: .sdp(Array("again".utf8)), now: $1) }
        let responses = bench.takeResponses()
        #expect(responses.map(\.status) == [.ok, .ok])
        #expect(responses[0].body == Array("again".utf8))
    }

    @Test func withoutPRACKTheInviteIsRefused() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Require: 100rel\n"), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .ringing, now: $1) }
        bench.wait(33)
        #expect(bench.takeEvents().map(\.cause) == ["noProvisionalAcknowledgement"])
        #expect(bench.takeSent().last { $0.response != nil }?.response?.status == .serverTimeout)
    }
}

// MARK: - Limits

extension IncomingCallTests {
    @Test func aboveTheLimit503AtOnceWithRetryAfter() throws {
        let bench = Bench { $0.maximumSessions = 2 }
        for number in 1...3 {
            var caller = Caller()
            caller.callID = "o\(number)"
            bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        }
        #expect(bench.takeEvents().count == 2)
        let refusal = try #require(bench.takeResponses().first)
        #expect(refusal.status == .serviceUnavailable)
        let delay = try #require(try refusal.headers.retryAfter?.delay)
        #expect((10..<20).contains(delay))
        #expect(bench.core.statistics.refusedForOverload == 1)
    }

    @Test func drainingRefusesWhatIsNewAndServesWhatIsThere() throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(bench)
        bench.core.isDraining = true
        var other = Caller()
        other.callID = "other"
        bench.receive(other.request("INVITE", Caller.sdp), body: Caller.offer)
        bench.receive(other.request("OPTIONS"))
        #expect(
            bench.takeResponses().map(\.status) == [.serviceUnavailable, .serviceUnavailable])
        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
        #expect(bench.core.isIdle)
    }

    @Test func theExpiresOfAnInviteEndsTheWait() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp + "Expires: 20\n"), body: Caller.offer)
        bench.wait(21)
        #expect(bench.takeEvents().map(\.cause).last == "expired")
        let refusal = try #require(
            bench.takeSent().first { $0.response?.status == .requestTerminated })
        #expect(refusal.time == 20)
    }

    @Test func anApplicationThatIsSilentForEverHoldsNothing() {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        bench.wait(400)
        #expect(bench.takeEvents().map(\.cause).last == "expired")
        #expect(bench.core.isIdle && bench.core.deadline == nil)
    }

    /// G26 a and b.
    @Test func mergedRequestsGet482() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.wait(0.1)
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        #expect(bench.takeResponses().map(\.status) == [.loopDetected])
        #expect(bench.takeEvents().isEmpty)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.request("ACK"))
        bench.receive(caller.next("BYE"))
        _ = bench.takeSent()
        _ = bench.takeEvents()
        caller.remoteTag = nil
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        #expect(bench.takeEvents().map(\.name) == ["invited"])
    }

    @Test func anUnreachableCallerEndsTheCall() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let destination = try #require(bench.takeSent().first?.destination)
        bench.perform { $0.transportFailed(destination, now: $1) }
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.takeRequests().map(\.method) == [.bye])
        bench.wait(100)
        #expect(bench.core.isIdle && bench.core.entryCount == 0)
    }

    @Test func aCallerThatIsUnreachableWhileItRingsLeavesNothing() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .ringing, now: $1) }
        let destination = try #require(bench.takeSent().first?.destination)
        bench.perform { $0.transportFailed(destination, now: $1) }
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.takeResponses().map(\.status) == [.temporarilyUnavailable])
        bench.wait(60)
        #expect(bench.core.entryCount == 0 && bench.core.deadline == nil)
    }
}

/// Callers who never show that they receive what is sent to them.
@Suite struct UnprovenCallerTests {
    private static func invite(_ n: Int, _ contact: String = "198.51.100.21:5060") -> String {
        var caller = Caller(callID: "forged\(n)")
        caller.contact = "<sip:201@\(contact)>"
        return caller.request("INVITE", Caller.sdp)
    }

    @Test func gets503OnceAboveTheLimit() {
        let bench = Bench { $0.maximumUnprovenPerAddress = 5 }
        for n in 0..<20 { bench.receive(Self.invite(n), body: Caller.offer) }
        #expect(bench.takeEvents().count == 5)
        let refused = bench.takeResponses().filter { $0.status == 503 }
        #expect(refused.count == 15)
        #expect(bench.core.transactionStatistics.unproven == 15)
        // Another address is none the worse for it.
        bench.receive(
            Self.invite(99), body: Caller.offer, on: Bench.flow("198.51.100.22:5060"))
        #expect(bench.takeEvents().map(\.name) == ["invited"])
        // Nothing of the fifteen is repeated, and after 32 s there is room again.
        bench.wait(40)
        #expect(bench.takeResponses().filter { $0.status == 503 }.isEmpty)
        bench.wait(300)
        bench.receive(Self.invite(100), body: Caller.offer)
        #expect(bench.takeEvents().contains { $0.name == "invited" })
    }

    @Test func anAddressThatAcknowledgedHasNoLimit() throws {
        let bench = Bench { $0.maximumUnprovenPerAddress = 5 }
        var caller = Caller()
        _ = try caller.establish(bench)
        for n in 0..<20 { bench.receive(Self.invite(n), body: Caller.offer) }
        #expect(bench.takeEvents().count == 20)
    }

    @Test func aConnectionNeedsNoProof() {
        let bench = Bench { $0.maximumUnprovenPerAddress = 5 }
        for n in 0..<20 {
            bench.receive(
                Self.invite(n).replacing("SIP/2.0/UDP", with: "SIP/2.0/TCP"), body: Caller.offer,
                on: Bench.flow("198.51.100.21:5060", .tcp, connection: 1))
        }
        #expect(bench.takeEvents().count == 20)
    }

    /// The Contact of a forged INVITE may name a victim.
    @Test(arguments: [("198.51.100.21:5060", true), ("203.0.113.9:5060", false)])
    func theByeOfACallWithoutACK(_ contact: String, _ isSent: Bool) throws {
        let bench = Bench()
        bench.receive(Self.invite(1, contact), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        bench.wait(33)
        let requests = bench.takeRequests()
        #expect(requests.contains { $0.method == .bye } == isSent)
        #expect(requests.allSatisfy { $0.method == .bye })
        #expect(bench.takeEvents().last?.cause == "noAcknowledgement")
        bench.wait(64)
        #expect(bench.core.entryCount == 0)
    }

    /// RFC 3261 §9.2: both responses have one tag.
    @Test func theCancelOfARefusedCall() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", "Require: magic\n"))
        let refusal = try #require(bench.takeResponses().last)
        #expect(refusal.status == 420)
        bench.receive(caller.same("CANCEL"))
        let answer = try #require(bench.takeResponses().last)
        #expect(answer.status == 200)
        #expect(try answer.headers.to.tag == refusal.headers.to.tag)
        bench.receive(caller.same("ACK"))
        bench.wait(40)
        #expect(bench.core.entryCount == 0)
    }
}
