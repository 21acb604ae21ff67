import Primitives
import SIP
import Testing

struct SessionTimerCoreTests {
    /// G29.
    @Test func tooSmallThenRefreshedByAnUpdateWithoutBody() throws {
        let bench = Bench()
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Supported: timer\nSession-Expires: 60\n"),
            body: Caller.offer)
        let refusal = try #require(bench.takeResponses().first)
        #expect(refusal.status == .sessionIntervalTooSmall)
        #expect(try refusal.headers.minSE == 90)
        #expect(bench.takeEvents().isEmpty)
        caller.remoteTag = try refusal.headers.to.tag
        bench.receive(caller.same("ACK"))
        caller.remoteTag = nil

        bench.receive(
            caller.next(
                "INVITE",
                Caller.sdp
                    + "Supported: timer\nSession-Expires: 90;refresher=uac\nMin-SE: 90\n"),
            body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().first)
        #expect(ok.headers[first: .sessionExpires] == "90;refresher=uac")
        #expect(try ok.headers.require == ["timer"])
        caller.remoteTag = try ok.headers.to.tag
        bench.receive(caller.request("ACK"))
        bench.wait(40)
        _ = bench.takeEvents()

        bench.receive(
            caller.next("UPDATE", "Supported: timer\nSession-Expires: 90;refresher=uac\n"))
        let refreshed = try #require(bench.takeResponses().first)
        #expect(refreshed.status == .ok && refreshed.body.isEmpty)
        #expect(!refreshed.headers.contains(.contentType))
        #expect(refreshed.headers[first: .sessionExpires] == "90;refresher=uac")
        #expect(bench.takeEvents().isEmpty)
        bench.wait(59.9)
        #expect(bench.takeSent().isEmpty)
        bench.wait(0.2)
        let bye = try #require(bench.takeSent().first)
        #expect(bye.request?.method == .bye)
        #expect(bye.time == 100)
        #expect(bench.takeEvents().map(\.cause) == ["sessionExpired"])
    }

    @Test(arguments: [true, false])
    func weRefreshWhenItIsOurTurn(byUpdate: Bool) throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 120;refresher=uas\n"
                + (byUpdate ? "Allow: INVITE, ACK, BYE, UPDATE\n" : "Allow: INVITE, ACK, BYE\n"))
        for round in 1...3 {
            bench.wait(60)
            let sent = bench.takeSent()
            let refresh = try #require(sent.first?.request)
            #expect(sent.first?.time == 60 * Double(round))
            #expect(refresh.method == (byUpdate ? .update : .invite))
            #expect(refresh.headers[first: .sessionExpires] == "120;refresher=uac")
            #expect(refresh.headers.has("timer", in: .supported))
            #expect(refresh.headers.contains(.contact))
            #expect(refresh.body == (byUpdate ? [] : Caller.answer.bytes))
            var ok = refresh.response(.ok)
            ok.headers.append(.sessionExpires, "120;refresher=uac")
            ok.headers.append(.require, "timer")
            if !byUpdate {
                ok.headers.append(.contentType, "application/sdp")
                ok.body = Array(Caller.offer.utf8)
            }
            bench.receive(octets: ok.serialised())
            #expect(bench.takeRequests().map(\.method) == (byUpdate ? [] : [.ack]))
            #expect(bench.takeEvents().map(\.name) == (byUpdate ? [] : ["refreshed"]))
        }
    }

    @Test func aRefreshThatNobodyAnswersEndsTheSession() throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 1800;refresher=uas\nAllow: INVITE, UPDATE\n")
        bench.wait(900 + 33)
        #expect(bench.takeEvents().map(\.cause) == ["dialogGone"])
        #expect(bench.takeRequests().last?.method == .bye)
        bench.wait(60)
        #expect(bench.core.isIdle)
    }

    @Test func aRefreshThatIsRefusedDoesNotKeepTheSession() throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 120;refresher=uas\nAllow: INVITE, UPDATE\n")
        bench.wait(60)
        let update = try #require(bench.takeRequests().first)
        bench.receive(octets: update.response(.busyHere).serialised())
        bench.wait(28.5)
        #expect(bench.takeEvents().map(\.cause) == ["sessionExpired"])
    }

    @Test func aRefreshOfOursAsksForMoreAfter422() throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 120;refresher=uas\nAllow: INVITE, UPDATE\n")
        bench.wait(60)
        let update = try #require(bench.takeRequests().first)
        var refusal = update.response(.sessionIntervalTooSmall)
        refusal.headers.append(.minSE, "300")
        bench.receive(octets: refusal.serialised())
        let again = try #require(bench.takeRequests().first)
        #expect(again.headers[first: .sessionExpires] == "300;refresher=uac")
        #expect(try again.headers.minSE == 300)
    }

    @Test func aPeerThatKnowsTimersButAsksForNoneIsWatchedByUs() throws {
        let bench = Bench { $0.sessionTimer = .init(interval: 600) }
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Supported: timer\nAllow: UPDATE\n"),
            body: Caller.offer)
        let id = try #require(bench.takeEvents().first?.session)
        bench.perform { $0.accept(id, body: Caller.answer, now: $1) }
        let ok = try #require(bench.takeResponses().first)
        #expect(ok.headers[first: .sessionExpires] == "600;refresher=uas")
        caller.remoteTag = try ok.headers.to.tag
        bench.receive(caller.request("ACK"))
        bench.wait(300)
        #expect(bench.takeRequests().map(\.method) == [.update])
    }

    /// A refusal for now is no reason to lose a call that is held for hours.
    @Test(arguments: [true, false], [UInt16(491), 500, 503])
    func aRefreshRefusedForNowIsTriedAgain(byUpdate: Bool, status: UInt16) throws {
        let bench = Bench()
        var caller = Caller()
        _ = try caller.establish(
            bench,
            "Supported: timer\nSession-Expires: 120;refresher=uas\n"
                + (byUpdate ? "Allow: INVITE, UPDATE\n" : "Allow: INVITE\n"))
        bench.wait(60)
        let first = try #require(bench.takeRequests().first)
        var refusal = first.response(StatusCode(integerLiteral: status))
        if status == 500 { refusal.headers.append(.retryAfter, "9") }
        bench.receive(octets: refusal.serialised())
        _ = bench.takeSent()
        bench.wait(10)
        let again = bench.takeSent()
        #expect(again.first?.time == (status == 500 ? 69 : 65))
        let second = try #require(again.first?.request)
        #expect(second.method == first.method && second.body == first.body)
        var ok = second.response(.ok)
        ok.headers.append(.sessionExpires, "120;refresher=uac")
        bench.receive(octets: ok.serialised())
        _ = bench.takeSent()
        bench.wait(50)
        #expect(bench.takeSent().isEmpty)
        #expect(!bench.takeEvents().contains { $0.name == "offerRejected" || $0.cause != nil })
    }

    @Test func aRefreshThatHasToWaitIsMadeLater() throws {
        let bench = Bench()
        var caller = Caller()
        let id = try caller.establish(
            bench, "Supported: timer\nSession-Expires: 120;refresher=uas\nAllow: INVITE\n")
        bench.wait(58)
        bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        bench.wait(4)
        #expect(bench.takeRequests().isEmpty)
        bench.perform { $0.rejectOffer(id, Rejection(.notAcceptableHere), now: $1) }
        bench.wait(4)
        #expect(bench.takeRequests().map(\.method).first == .invite)
    }

    @Test func theLimitsCanBeChanged() throws {
        let bench = Bench()
        bench.perform { core, _ in
            core.limitSessions(to: 1)
            core.setSessionTimer(.init(interval: 900, minimum: 300))
        }
        var caller = Caller()
        bench.receive(
            caller.request("INVITE", Caller.sdp + "Supported: timer\nSession-Expires: 90\n"),
            body: Caller.offer)
        #expect(try bench.takeResponses().first?.headers.minSE == 300)
        var first = Caller()
        first.callID = "first"
        _ = try first.establish(bench)
        var second = Caller()
        second.callID = "second"
        bench.receive(second.request("INVITE", Caller.sdp), body: Caller.offer)
        #expect(bench.takeResponses().last?.status == .serviceUnavailable)
    }
}
