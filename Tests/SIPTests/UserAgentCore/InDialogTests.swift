import Primitives
import SIP
import Testing

struct InDialogTests {
    static let second = MessageBody.sdp(Array("v=0\r\nsecond\r\n".utf8))

    @Test(arguments: ["INVITE", "UPDATE"])
    func anOfferIsAnsweredOrRefused(method: String) throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.receive(caller.next(method, Caller.sdp), body: Caller.offer)
        #expect(bench.takeEvents().map(\.name) == ["reoffered"])
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        let ok = try #require(bench.takeResponses().first)
        #expect(ok.status == .ok && ok.body == Self.second.bytes)
        #expect(ok.headers[first: .contact] == "<sip:music@192.0.2.10>")
        if method == "INVITE" { bench.receive(caller.request("ACK")) }

        bench.receive(caller.next(method, Caller.sdp), body: Caller.offer)
        bench.perform { $0.rejectOffer(id, Rejection(.notAcceptableHere), now: $1) }
        #expect(bench.takeResponses().map(\.status) == [.notAcceptableHere])
        if method == "INVITE" { bench.receive(caller.same("ACK")) }
        _ = bench.takeEvents()
        bench.wait(60)
        #expect(bench.takeSent().isEmpty && bench.takeEvents().isEmpty)
        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
    }

    /// G02, the part of the exchange.
    @Test func aReinviteWithoutOfferGetsOurs() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.receive(caller.next("INVITE"))
        #expect(bench.takeEvents().map(\.name) == ["offerWanted"])
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        #expect(bench.takeResponses().first?.body == Self.second.bytes)
        // Its answer is outstanding: another offer has to wait.
        bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        #expect(bench.takeResponses().map(\.status) == [.requestPending])
        bench.receive(caller.request("ACK", Caller.sdp, sequence: 2), body: Caller.offer)
        #expect(bench.takeEvents().map(\.name) == ["answered"])

        bench.receive(caller.next("INVITE"))
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        _ = bench.takeEvents()
        bench.receive(caller.request("ACK"))
        #expect(bench.takeEvents().map(\.name) == ["offerUnanswered"])
        #expect(bench.core.sessionCount == 1)
    }

    @Test func aSecondOfferBeforeTheFirstIsAnsweredIs500() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        for (first, second) in [
            ("INVITE", "INVITE"), ("INVITE", "UPDATE"), ("UPDATE", "UPDATE"), ("UPDATE", "INVITE"),
        ] {
            bench.receive(caller.next(first, Caller.sdp), body: Caller.offer)
            let sequence = caller.sequence
            bench.receive(caller.next(second, Caller.sdp), body: Caller.offer)
            let refusal = try #require(bench.takeResponses().last)
            #expect(refusal.status == .serverInternalError, "\(first) then \(second)")
            #expect(try #require(try refusal.headers.retryAfter).delay <= 10)
            bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
            #expect(bench.takeResponses().map(\.status) == [.ok])
            if first == "INVITE" { bench.receive(caller.request("ACK", sequence: sequence)) }
        }
    }

    @Test func aReinviteBeforeTheFirstAnswerIs500() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("INVITE", Caller.sdp), body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.progress(id, .ringing, now: $1) }
        caller.remoteTag = try bench.takeResponses().first?.headers.to.tag
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        let refusal = try #require(bench.takeResponses().first)
        #expect(refusal.status == .serverInternalError && refusal.headers.contains(.retryAfter))
    }

    /// RFC 3261 §14.1 and §14.2: both offer at once.
    @Test func glareIs491AndIsTriedAgain() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.perform { $0.offer(id, Self.second, now: $1) }
        let ours = try #require(bench.takeRequests().first)
        #expect(ours.method == .invite && ours.body == Self.second.bytes)
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        #expect(bench.takeResponses().map(\.status) == [.requestPending, .requestPending])
        bench.receive(octets: ours.response(.requestPending, toTag: nil).serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
        // The Call-ID is theirs: our wait is 0 to 2 s.
        bench.wait(2.01)
        let again = try #require(bench.takeRequests().first)
        #expect(again.method == .invite && again.body == Self.second.bytes)
        #expect(try again.headers.cseq.number == (try ours.headers.cseq.number) + 1)
        var ok = again.response(.ok)
        ok.headers.append(.contentType, "application/sdp")
        ok.body = Array(Caller.offer.utf8)
        bench.receive(octets: ok.serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
        #expect(bench.takeEvents().map(\.name) == ["offerAccepted"])
        // The 2xx comes again: so does the ACK.
        bench.receive(octets: ok.serialised())
        #expect(bench.takeRequests().map(\.method) == [.ack])
        #expect(bench.takeEvents().isEmpty)
    }

    @Test func anOfferOfOursWaitsForTheOneOfTheirs() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench, "Allow: INVITE, ACK, BYE, UPDATE\n")
        bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        bench.perform { $0.offer(id, Self.second, byUpdate: true, now: $1) }
        #expect(bench.takeRequests().isEmpty)
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        #expect(bench.takeRequests().map(\.method) == [.update])
    }

    @Test func aRefusedOfferChangesNothing() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.perform { $0.offer(id, Self.second, now: $1) }
        let ours = try #require(bench.takeRequests().first)
        bench.receive(octets: ours.response(.notAcceptableHere).serialised())
        #expect(bench.takeEvents().map(\.name) == ["offerRejected"])
        #expect(bench.core.sessionCount == 1)
    }

    @Test(arguments: [481, 408])
    func aDialogThatThePeerForgotEnds(status: UInt16) throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.perform { $0.offer(id, Self.second, now: $1) }
        let ours = try #require(bench.takeRequests().first)
        bench.receive(octets: ours.response(StatusCode(integerLiteral: status)).serialised())
        #expect(bench.takeEvents().map(\.cause) == ["dialogGone"])
        bench.wait(60)
        #expect(bench.core.isIdle)
    }

    @Test func requestsOutOfOrderGet500() throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(bench)
        caller.sequence = 9
        bench.receive(caller.request("INFO"))
        bench.receive(caller.request("INFO", sequence: 5))
        #expect(bench.takeResponses().map(\.status) == [.ok, .serverInternalError])
    }

    @Test(arguments: ["BYE", "INVITE", "UPDATE", "INFO", "PRACK", "OPTIONS"])
    func unknownDialogsGet481(method: String) throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(bench)
        let right = caller.remoteTag
        caller.remoteTag = "unknown"
        bench.receive(caller.next(method))
        caller.remoteTag = right
        caller.tag = "else"
        bench.receive(caller.next(method))
        #expect(
            bench.takeResponses().map(\.status) == [
                .callOrTransactionDoesNotExist, .callOrTransactionDoesNotExist,
            ])
        #expect(bench.takeEvents().isEmpty)
    }

    @Test func anAcknowledgementOfNothingIsPassedOver() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(caller.request("ACK"))
        caller.remoteTag = "x"
        bench.receive(caller.request("ACK"))
        #expect(bench.takeSent().isEmpty && bench.takeEvents().isEmpty)
    }

    @Test func infoAndOptionsAndTheRest() throws {
        let bench = Bench { $0.applicationMethods = ["REFER", "MESSAGE"] }
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.receive(
            caller.next("INFO", "Content-Type: application/dtmf-relay\n"), body: "Signal=5")
        #expect(bench.takeEvents().map(\.name) == ["informed"])
        bench.receive(caller.next("INFO", "Info-Package: foo\n"))
        bench.receive(caller.next("OPTIONS"))
        bench.receive(caller.next("NOTIFY", "Event: x\n"))
        bench.receive(caller.next("FOO"))
        #expect(
            bench.takeResponses().map(\.status) == [
                .ok, .badInfoPackage, .ok, .methodNotAllowed, .notImplemented,
            ])
        bench.receive(caller.next("REFER", "Refer-To: <sip:x@example.com>\n"))
        guard case .requested(let request, _, _, in: id)? = bench.takeEvents().first else {
            Issue.record("REFER not given to the application")
            return
        }
        bench.perform { $0.respond(to: request, Rejection(.decline), now: $1) }
        #expect(bench.takeResponses().map(\.status) == [.decline])
    }

    /// G30 through the core: order, next hop, refreshed target.
    @Test func ourByeTakesTheRoute() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(
            bench,
            """
            Record-Route: <sip:203.0.113.3;lr;x="a,b">, <sip:p2.example.net;lr>
            Record-Route: <sip:p1.example.net;transport=tcp;lr>

            """)
        caller.contact = "<sip:201@198.51.100.21:5080>"
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        bench.receive(caller.request("ACK"))
        _ = bench.takeSent()
        bench.perform { $0.end(id, now: $1) }
        let sent = try #require(bench.takeSent().first)
        let bye = try #require(sent.request)
        #expect(bye.method == .bye)
        #expect(bye.requestURI.description == "sip:201@198.51.100.21:5080")
        #expect(
            bye.headers.values(of: .route) == [
                "<sip:203.0.113.3;lr;x=\"a,b\">", "<sip:p2.example.net;lr>",
                "<sip:p1.example.net;transport=tcp;lr>",
            ])
        #expect(
            sent.destination
                == .hop(
                    NextHop(
                        transport: .udp, host: "203.0.113.3", port: 5060,
                        local: Bench.us.address)))
        let via = try bye.headers.topVia()
        #expect(via.host == "192.0.2.10" && via.branch?.hasPrefix("z9hG4bKn1") == true)
    }

    @Test func aRefusedReinviteDoesNotMoveTheTarget() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        caller.contact = "<sip:201@198.51.100.21:5080>"
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        bench.perform { $0.rejectOffer(id, Rejection(.notAcceptableHere), now: $1) }
        bench.receive(caller.same("ACK"))
        bench.perform { $0.end(id, now: $1) }
        #expect(
            bench.takeRequests().first?.requestURI.description == "sip:201@198.51.100.21:5060")
    }

    @Test func byTCPTheConnectionIsUsedAgain() throws {
        let bench = Bench()
        var caller = Caller()
        caller.transport = "TCP"
        caller.contact = "<sip:201@10.1.1.7:5060;transport=tcp>"
        let flow = Bench.flow("198.51.100.21:50933", .tcp, connection: 12)
        let id = try caller.establish(bench, on: flow)
        bench.perform { $0.end(id, now: $1) }
        guard case .flow(let used)? = bench.takeSent().first?.destination else {
            Issue.record("not on the connection")
            return
        }
        #expect(used.connection == 12)
    }

    @Test func aReinviteCanBeCancelled() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        bench.receive(caller.same("CANCEL"))
        #expect(bench.takeResponses().map(\.status) == [.ok, .requestTerminated])
        #expect(bench.takeEvents().map(\.name) == ["reoffered", "offerWithdrawn"])
        bench.receive(caller.same("ACK"))
        bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        #expect(bench.takeResponses().map(\.status) == [.ok])
    }

    @Test func byeWhileAnOfferWaitsAnswersBoth() throws {
        for method in ["INVITE", "UPDATE"] {
            let bench = Bench()
            var caller = Caller()
            _ = try caller.establish(bench)
            bench.receive(caller.next(method, Caller.sdp), body: Caller.offer)
            bench.receive(caller.next("BYE"))
            #expect(Set(bench.takeResponses().map(\.status)) == [.ok, .requestTerminated])
            #expect(bench.takeEvents().last?.cause == "bye")
        }
    }

    @Test func whatThePeerRefusesToUpdateIsReinvited() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench, "Allow: INVITE, ACK, BYE, UPDATE\n")
        bench.perform { $0.offer(id, Self.second, byUpdate: true, now: $1) }
        let update = try #require(bench.takeRequests().first)
        #expect(update.method == .update)
        bench.receive(octets: update.response(.methodNotAllowed).serialised())
        let invite = try #require(bench.takeRequests().first)
        #expect(invite.method == .invite && invite.body == Self.second.bytes)
    }

    @Test func bothHangUpAtOnce() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.perform { $0.end(id, now: $1) }
        bench.receive(caller.next("BYE"))
        #expect(bench.takeResponses().map(\.status) == [.ok])
        #expect(bench.takeEvents().map(\.cause) == ["hungUp"])
        bench.wait(60)
        #expect(bench.core.isIdle && bench.core.deadline == nil)
    }

    /// The application is silent on an offer in an UPDATE: after 32 s nobody waits any more.
    @Test func anOfferThatTheApplicationLeavesIsWithdrawn() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(bench)
        bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        bench.wait(33)
        #expect(bench.takeEvents().map(\.name) == ["reoffered", "offerWithdrawn"])
        _ = bench.takeSent()
        bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        bench.perform { $0.acceptOffer(id, body: Self.second, now: $1) }
        #expect(bench.takeResponses().map(\.status) == [.ok])
    }

    @Test(arguments: ["255.255.255.255", "239.1.1.1", "0.0.0.0", "[ff02::1]"])
    func nothingIsSentToAContactOfNobody(host: String) throws {
        let bench = Bench()
        var caller = Caller()
        caller.contact = "<sip:201@\(host)>"
        let id = try caller.establish(bench)
        bench.perform { $0.end(id, now: $1) }
        #expect(bench.takeSent().isEmpty)
        #expect(bench.takeEvents().map(\.cause) == ["hungUp"])
        #expect(bench.core.isIdle)
    }
}
