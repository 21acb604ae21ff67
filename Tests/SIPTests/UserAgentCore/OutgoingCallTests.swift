import Primitives
import SIP
import Testing

struct OutgoingCallTests {
    static func call(_ uri: String = "sip:moh@198.51.100.9") -> OutgoingCall {
        let target = URI(uri) ?? URI(host: "invalid")
        let from = NameAddress(displayName: "Test", URI(user: "phone", host: "192.0.2.10"))
        return OutgoingCall(to: target, from: from, offer: Caller.answer)
    }

    static func start(_ bench: Bench, _ call: OutgoingCall = call()) throws -> (SessionID, Request)
    {
        let id = bench.core.invite(call, now: bench.now)
        bench.perform { _, _ in }
        return (id, try #require(bench.takeRequests().last))
    }

    static func ok(_ invite: Request, tag: String = "callee", body: String = Caller.offer)
        -> Response
    {
        var ok = invite.response(.ok, toTag: tag)
        ok.headers.append(.contact, "<sip:moh@198.51.100.9:5070>")
        ok.headers.append(.allow, "INVITE, ACK, BYE, CANCEL, UPDATE")
        if !body.isEmpty {
            ok.headers.append(.contentType, "application/sdp")
            ok.body = Array(body.utf8)
        }
        return ok
    }

    @Test func aCallFromInviteToBye() throws {
        let bench = Bench()
        var call = Self.call("sip:moh@198.51.100.9:5062;transport=udp?Subject=x")
        call.sessionInterval = 600
        call.expires = 60
        call.headers = [.init(.subject, "hold")]
        let id = bench.core.invite(call, now: bench.now)
        bench.perform { _, _ in }
        let sent = try #require(bench.takeSent().first)
        let invite = try #require(sent.request)
        #expect(
            sent.destination
                == .hop(
                    NextHop(
                        transport: .udp, host: "198.51.100.9", port: 5062,
                        local: Bench.us.address)))
        #expect(invite.requestURI.description == "sip:moh@198.51.100.9:5062;transport=udp")
        #expect(try invite.headers.to.uri.description == "sip:moh@198.51.100.9")
        #expect(try invite.headers.from.tag?.hasPrefix("n1") == true)
        #expect(invite.headers[first: .contact] == "<sip:phone@192.0.2.10>")
        #expect(invite.headers[first: .sessionExpires] == "600")
        #expect(invite.headers[first: .subject] == "hold")
        #expect(invite.headers[first: .userAgent] == "bench")
        #expect(try invite.headers.supported == ["100rel", "timer"])
        #expect(invite.defect() == nil)

        bench.receive(octets: invite.response(.trying).serialised())
        #expect(bench.takeEvents().isEmpty)
        bench.receive(octets: invite.response(.ringing, toTag: "callee").serialised())
        #expect(bench.takeEvents().map(\.name) == ["progressed"])

        var ok = Self.ok(invite)
        ok.headers.append(.recordRoute, "<sip:203.0.113.1;lr>")
        bench.receive(octets: ok.serialised())
        let ackSent = try #require(bench.takeSent().first)
        let ack = try #require(ackSent.request)
        #expect(ack.method == .ack)
        #expect(ack.requestURI.description == "sip:moh@198.51.100.9:5070")
        #expect(ack.headers[first: .route] == "<sip:203.0.113.1;lr>")
        #expect(try ack.headers.cseq == CSeq(1, .ack))
        guard case .accepted(id, _, let answer)? = bench.takeEvents().first else {
            Issue.record("not accepted")
            return
        }
        #expect(answer?.bytes == Array(Caller.offer.utf8))
        // The ACK was lost.
        bench.receive(octets: ok.serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
        #expect(bench.takeEvents().isEmpty)

        bench.perform { $0.end(id, now: $1) }
        let bye = try #require(bench.takeRequests().first)
        #expect(try bye.headers.cseq == CSeq(2, .bye))
        bench.receive(octets: bye.response(.ok).serialised())
        #expect(bench.takeEvents().map(\.cause) == ["hungUp"])
        #expect(bench.core.isIdle)
        bench.wait(60)
        #expect(bench.core.deadline == nil)
    }

    @Test func aSecondForkThatAnswersIsLetGo() throws {
        let bench = Bench()
        let (_, invite) = try Self.start(bench)
        bench.receive(octets: invite.response(.ringing, toTag: "a").serialised())
        bench.receive(octets: invite.response(.ringing, toTag: "b").serialised())
        bench.receive(octets: Self.ok(invite, tag: "b").serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
        bench.receive(octets: Self.ok(invite, tag: "a").serialised())
        let requests = bench.takeRequests()
        #expect(requests.map(\.method) == [.ack, .bye])
        #expect(try requests.allSatisfy { try $0.headers.to.tag == "a" })
        #expect(
            bench.takeEvents().map(\.name)
                == ["progressed", "progressed", "accepted", "established"])
        #expect(bench.core.sessionCount == 1)
        // Its 2xx again: only the ACK again.
        bench.receive(octets: Self.ok(invite, tag: "a").serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
    }

    @Test func cancelWaitsForAProvisionalResponse() throws {
        let bench = Bench()
        let (id, invite) = try Self.start(bench)
        bench.perform { $0.cancel(id, now: $1) }
        #expect(bench.takeRequests().isEmpty)
        #expect(bench.takeEvents().map(\.cause) == ["hungUp"])
        #expect(!bench.core.isIdle)
        bench.receive(octets: invite.response(.trying).serialised())
        let cancel = try #require(bench.takeRequests().first)
        #expect(cancel.method == .cancel)
        bench.receive(octets: cancel.response(.ok).serialised())
        bench.receive(octets: invite.response(.requestTerminated, toTag: "x").serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
        #expect(bench.core.isIdle && bench.takeEvents().isEmpty)
    }

    @Test func anAnswerThatCrossesTheCancelIsHungUp() throws {
        let bench = Bench()
        let (id, invite) = try Self.start(bench)
        bench.receive(octets: invite.response(.ringing, toTag: "a").serialised())
        bench.perform { $0.end(id, now: $1) }
        #expect(bench.takeRequests().map(\.method) == [.cancel])
        bench.receive(octets: Self.ok(invite, tag: "a").serialised())
        let requests = bench.takeRequests()
        #expect(requests.map(\.method) == [.ack, .bye])
        bench.receive(octets: try #require(requests.last).response(.ok).serialised())
        #expect(bench.takeEvents().map(\.name) == ["progressed", "ended"])
        #expect(bench.core.isIdle)
    }

    @Test func acknowledgesReliableProvisionalResponses() throws {
        let bench = Bench()
        let (_, invite) = try Self.start(bench)
        var progress = invite.response(.sessionProgress, toTag: "a")
        progress.headers.append(.require, "100rel")
        progress.headers.append(.rseq, "77")
        progress.headers.append(.contact, "<sip:moh@198.51.100.9:5070>")
        progress.headers.append(.contentType, "application/sdp")
        progress.body = Array(Caller.offer.utf8)
        bench.receive(octets: progress.serialised())
        let prack = try #require(bench.takeRequests().first)
        #expect(prack.method == .prack)
        #expect(prack.headers[first: .rack] == "77 1 INVITE")
        #expect(try prack.headers.cseq == CSeq(2, .prack))
        #expect(prack.requestURI.description == "sip:moh@198.51.100.9:5070")
        #expect(bench.takeEvents().map(\.name) == ["progressed"])
        bench.receive(octets: progress.serialised())
        #expect(bench.takeRequests().isEmpty && bench.takeEvents().isEmpty)
        bench.receive(octets: prack.response(.ok).serialised())
        bench.receive(octets: Self.ok(invite, tag: "a", body: "").serialised())
        let ack = try #require(bench.takeRequests().first)
        #expect(try ack.headers.cseq == CSeq(1, .ack))
        #expect(bench.takeEvents().map(\.name) == ["accepted", "established"])
    }

    @Test func answersChallengesOnce() throws {
        let bench = Bench()
        var call = Self.call()
        call.credentials = .init(user: "phone", secret: .password("secret"))
        let (_, invite) = try Self.start(bench, call)
        func challenge(_ request: Request, _ nonce: String, stale: Bool = false) -> [UInt8] {
            var response = request.response(.unauthorized, toTag: "x")
            response.headers.append(.wwwAuthenticate, "Basic realm=\"r\"")
            response.headers.append(
                .wwwAuthenticate,
                "Digest realm=\"r\", nonce=\"\(nonce)\", algorithm=SHA-256, qop=\"auth\""
                    + (stale ? ", stale=true" : ""))
            return response.serialised()
        }
        bench.receive(octets: challenge(invite, "n1"))
        let requests = bench.takeRequests()
        #expect(requests.map(\.method) == [.ack, .invite])
        let second = requests[1]
        #expect(try second.headers.cseq == CSeq(2, .invite))
        #expect(second.headers.callID == invite.headers.callID)
        #expect(try second.headers.from.tag == invite.headers.from.tag)
        let credentials = try DigestCredentials(
            try #require(try second.headers.credentials(.authorization).first))
        #expect(credentials.username == "phone" && credentials.nonce == "n1")
        #expect(credentials.uri == "sip:moh@198.51.100.9" && credentials.algorithm == .sha256)

        bench.receive(octets: challenge(second, "n2", stale: true))
        let third = try #require(bench.takeRequests().last)
        #expect(try third.headers.credentials(.authorization).map { $0["nonce"] } == ["n2"])
        bench.receive(octets: challenge(third, "n3"))
        #expect(bench.takeRequests().map(\.method) == [.ack])
        #expect(bench.takeEvents().map(\.cause) == ["failed"])
        #expect(bench.core.isIdle)
    }

    @Test func byeIsAuthenticatedToo() throws {
        let bench = Bench()
        var call = Self.call()
        call.credentials = .init(user: "phone", secret: .password("secret"))
        let (id, invite) = try Self.start(bench, call)
        bench.receive(octets: Self.ok(invite).serialised())
        bench.perform { $0.end(id, now: $1) }
        let bye = try #require(bench.takeRequests().last)
        var response = bye.response(.proxyAuthenticationRequired)
        response.headers.append(.proxyAuthenticate, "Digest realm=\"r\", nonce=\"n\"")
        bench.receive(octets: response.serialised())
        let again = try #require(bench.takeRequests().first)
        #expect(again.method == .bye && again.headers.contains(.proxyAuthorization))
        #expect(try again.headers.cseq == CSeq(3, .bye))
        bench.receive(octets: again.response(.ok).serialised())
        #expect(bench.core.isIdle)
    }

    @Test func asksForALongerSessionAfter422() throws {
        let bench = Bench()
        var call = Self.call()
        call.sessionInterval = 90
        let (_, invite) = try Self.start(bench, call)
        var refusal = invite.response(.sessionIntervalTooSmall, toTag: "x")
        refusal.headers.append(.minSE, "1800")
        bench.receive(octets: refusal.serialised())
        let again = try #require(bench.takeRequests().last)
        #expect(again.headers[first: .sessionExpires] == "1800")
        #expect(try again.headers.minSE == 1800)
        #expect(try again.headers.cseq == CSeq(2, .invite))
        bench.receive(
            octets: {
                var ok = Self.ok(again)
                ok.headers.append(.sessionExpires, "1800;refresher=uac")
                ok.headers.append(.require, "timer")
                return ok.serialised()
            }())
        _ = bench.takeSent()
        bench.wait(901)
        #expect(bench.takeRequests().first?.method == .update)
    }

    @Test func redirectionIsLeftToTheApplication() throws {
        let bench = Bench()
        let (_, invite) = try Self.start(bench)
        var moved = invite.response(.movedTemporarily, toTag: "x")
        moved.headers.append(.contact, "<sip:moh@203.0.113.4>")
        bench.receive(octets: moved.serialised())
        guard case .ended(_, .failed(let response))? = bench.takeEvents().first else {
            Issue.record("not failed")
            return
        }
        #expect(try response.headers.firstContact?.uri.host == "203.0.113.4")
    }

    @Test func nobodyAnswers() throws {
        let bench = Bench()
        let (_, _) = try Self.start(bench)
        bench.wait(33)
        guard case .ended(_, .failed(let response))? = bench.takeEvents().first else {
            Issue.record("not failed")
            return
        }
        #expect(response.status == .requestTimeout)
        #expect(bench.core.isIdle && bench.core.deadline == nil)
    }

    @Test func nobodyIsThere() throws {
        let bench = Bench()
        let (_, _) = try Self.start(bench)
        bench.perform {
            $0.transportFailed(
                .hop(
                    NextHop(
                        transport: .udp, host: "198.51.100.9", port: 5060,
                        local: Bench.us.address)), now: $1)
        }
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.core.isIdle)
    }

    @Test func aCallThatCannotBeSentFails() throws {
        let bench = Bench()
        _ = bench.core.invite(Self.call("tel:+15550100"), now: bench.now)
        bench.perform { _, _ in }
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.core.isIdle)
    }

    @Test func holdsByReinviteAndWaitsLongerThanTheCalleeAfter491() throws {
        let bench = Bench()
        let (id, invite) = try Self.start(bench)
        bench.receive(octets: Self.ok(invite).serialised())
        _ = bench.takeEvents()
        _ = bench.takeSent()
        bench.perform { $0.offer(id, .sdp(Array("hold".utf8)), now: $1) }
        let hold = try #require(bench.takeRequests().first)
        #expect(hold.method == .invite && hold.body == Array("hold".utf8))
        bench.receive(octets: hold.response(.requestPending).serialised())
        _ = bench.takeSent()
        bench.wait(2.05)
        #expect(bench.takeRequests().isEmpty)
        bench.wait(2)
        let again = try #require(bench.takeRequests().first)
        bench.receive(octets: Self.ok(again, body: "held").serialised())
        guard case .offerAccepted(id, _, let answer)? = bench.takeEvents().first else {
            Issue.record("not accepted")
            return
        }
        #expect(answer?.bytes == Array("held".utf8))
    }

    @Test func aLargeInviteGoesByTCP() throws {
        let bench = Bench()
        var call = Self.call()
        call.headers = [.init(.subject, String(repeating: "x", count: 1300))]
        _ = bench.core.invite(call, now: bench.now)
        bench.perform { _, _ in }
        let sent = try #require(bench.takeSent().first)
        #expect(sent.destination.transport == .tcp)
        #expect(try sent.request?.headers.topVia().transport == "TCP")
    }

    @Test func anOutboundProxyIsPreloaded() throws {
        for (route, strict) in [("sip:203.0.113.5;lr", false), ("sip:203.0.113.5", true)] {
            let bench = Bench()
            var call = Self.call()
            call.routes = [try #require(URI(route))]
            _ = bench.core.invite(call, now: bench.now)
            bench.perform { _, _ in }
            let sent = try #require(bench.takeSent().first)
            guard case .hop(let hop) = sent.destination else {
                Issue.record("no hop")
                return
            }
            #expect(hop.host == "203.0.113.5")
            #expect(
                sent.request?.requestURI.description == (strict ? route : "sip:moh@198.51.100.9"))
            #expect(
                sent.request?.headers[first: .route]
                    == (strict ? "<sip:moh@198.51.100.9>" : "<\(route)>"))
        }
    }

    @Test func anInviteWithoutOfferIsAnsweredInTheAcknowledgement() throws {
        let bench = Bench()
        var call = Self.call()
        call.offer = nil
        let (id, invite) = try Self.start(bench, call)
        #expect(invite.body.isEmpty && !invite.headers.contains(.contentType))
        #expect(try invite.headers.supported == ["timer"])
        bench.receive(octets: Self.ok(invite).serialised())
        bench.receive(octets: Self.ok(invite).serialised())
        #expect(bench.takeRequests().isEmpty)
        #expect(bench.takeEvents().map(\.name) == ["offered"])
        bench.perform { $0.acceptOffer(id, body: Caller.answer, now: $1) }
        let ack = try #require(bench.takeRequests().first)
        #expect(ack.method == .ack && ack.body == Caller.answer.bytes)
        #expect(bench.takeEvents().map(\.name) == ["established"])
        bench.receive(octets: Self.ok(invite).serialised())
        #expect(bench.takeRequests().first?.body == Caller.answer.bytes)

        bench.perform { $0.requestOffer(id, now: $1) }
        let reinvite = try #require(bench.takeRequests().first)
        #expect(reinvite.method == .invite && reinvite.body.isEmpty)
        bench.receive(octets: Self.ok(reinvite).serialised())
        #expect(bench.takeEvents().map(\.name) == ["offered"])
        bench.perform { $0.end(id, now: $1) }
        let requests = bench.takeRequests()
        #expect(requests.map(\.method) == [.ack, .bye])
        bench.receive(octets: try #require(requests.last).response(.ok).serialised())
        #expect(bench.core.isIdle)
    }

    @Test func requestsWithoutSessionGetTheirResponse() throws {
        let bench = Bench()
        var call = Self.call()
        call.offer = nil
        call.credentials = .init(user: "phone", secret: .password("secret"))
        let id = bench.core.request(.options, call, now: bench.now)
        bench.perform { _, _ in }
        let options = try #require(bench.takeRequests().first)
        #expect(options.method == .options && options.defect() == nil)
        var challenge = options.response(.unauthorized, toTag: "x")
        challenge.headers.append(.wwwAuthenticate, "Digest realm=\"r\", nonce=\"n\"")
        bench.receive(octets: challenge.serialised())
        let again = try #require(bench.takeRequests().first)
        #expect(again.headers.contains(.authorization))
        #expect(try again.headers.cseq == CSeq(2, .options))
        bench.receive(octets: again.response(.ok, toTag: "x").serialised())
        guard case .responded(id, let response)? = bench.takeEvents().first else {
            Issue.record("no response")
            return
        }
        #expect(response.status == .ok)

        _ = bench.core.request(.options, call, now: bench.now)
        bench.wait(33)
        guard case .responded(_, let timeout)? = bench.takeEvents().first else {
            Issue.record("no response")
            return
        }
        #expect(timeout.status == .requestTimeout)
        bench.wait(10)
        #expect(bench.core.entryCount == 0)
    }

    /// A 2xx makes the call stand even when its Contact and Record-Route are beyond reading.
    @Test func aMessyAnswerIsAcknowledged() throws {
        let bench = Bench()
        let (_, invite) = try Self.start(bench)
        var ok = invite.response(.ok, toTag: "a")
        ok.headers.append(.contact, "<sip:[broken>")
        ok.headers.append(.recordRoute, "<sip:x, y")
        ok.headers.append(.contentType, "application/sdp")
        ok.body = Array(Caller.offer.utf8)
        bench.receive(octets: ok.serialised())
        let ack = try #require(bench.takeRequests().first)
        #expect(ack.method == .ack && ack.requestURI == invite.requestURI)
        #expect(bench.takeEvents().map(\.name) == ["accepted", "established"])
    }

    @Test func aRefreshThatFindsNobodyEndsTheSession() throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 120;refresher=uas\nAllow: INVITE, UPDATE\n")
        bench.wait(60)
        let sent = try #require(bench.takeSent().first)
        bench.perform { $0.transportFailed(sent.destination, now: $1) }
        #expect(bench.takeEvents().map(\.cause) == ["transportFailed"])
        #expect(bench.core.isIdle)
    }

    /// One fork answers the offer reliably, another takes the call: its own answer counts.
    @Test func theAnswerIsThatOfTheForkThatTakesTheCall() throws {
        let bench = Bench()
        let (_, invite) = try Self.start(bench)
        var progress = invite.response(.sessionProgress, toTag: "a")
        progress.headers.append(.require, "100rel")
        progress.headers.append(.rseq, "1")
        progress.headers.append(.contentType, "application/sdp")
        progress.body = Array("a's".utf8)
        bench.receive(octets: progress.serialised())
        bench.receive(octets: Self.ok(invite, tag: "b", body: "b's").serialised())
        guard case .accepted(_, _, let answer)? = bench.takeEvents().dropFirst().first else {
            Issue.record("not accepted")
            return
        }
        #expect(answer?.bytes == Array("b's".utf8))
    }

    @Test func aPeerThatAlwaysSays491IsNotAskedForEver() throws {
        let bench = Bench()
        let (id, invite) = try Self.start(bench)
        bench.receive(octets: Self.ok(invite).serialised())
        _ = bench.takeEvents()
        _ = bench.takeSent()
        bench.perform { $0.offer(id, Caller.answer, now: $1) }
        var offers = 0
        while let offer = bench.takeRequests().last, offer.method == .invite, offers < 100 {
            offers += 1
            bench.receive(octets: offer.response(.requestPending).serialised())
            _ = bench.takeSent()
            bench.wait(4)
        }
        #expect(offers == 9)
        #expect(bench.takeEvents().map(\.name) == ["offerRejected"])
    }
}
