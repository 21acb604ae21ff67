import Primitives
import SIP
import Testing

/// Every state of a session × every request: each request but ACK gets exactly one final response,
/// nothing crashes, and nothing is left behind.
struct EveryStateTests {
    enum Stage: CaseIterable, Sendable {
        case none, ringing, reliablePending, prackOfferPending, acceptedWaitingForPRACK,
            unacknowledged
        case standing, reinvitePending, updatePending, offerlessPending, ownReinvite, ownUpdate
        case waitingToHangUp, hangingUp
    }

    enum Input: CaseIterable, Sendable {
        case invite, inviteWithoutOffer, update, updateWithoutOffer, prack, prackWithOffer
        case acknowledgement, acknowledgementWithBody, cancel, bye, info, options, refer, unknown
    }

    static let rows = Stage.allCases.flatMap { stage in Input.allCases.map { (stage, $0) } }

    @Test(arguments: rows) func isAnsweredOnce(stage: Stage, input: Input) throws {
        let bench = Bench { $0.applicationMethods = ["REFER"] }
        var caller = Caller()
        let allow = "Allow: INVITE, ACK, BYE, UPDATE\n"
        var id: SessionID?
        func ring(_ extra: String = "") throws {
            bench.receive(caller.request("INVITE", Caller.sdp + allow + extra), body: Caller.offer)
            id = try #require(bench.takeEvents().first?.session)
        }
        func perform(_ command: (UserAgentCore, SessionID, Instant) -> Void) throws {
            let id = try #require(id)
            bench.perform { command($0, id, $1) }
        }
        var rseq: UInt32 = 1
        switch stage {
        case .none:
            caller.remoteTag = "nobody"
        case .ringing:
            try ring()
            try perform { $0.progress($1, .ringing, now: $2) }
        case .reliablePending, .prackOfferPending, .acceptedWaitingForPRACK:
            try ring("Require: 100rel\n")
            try perform { $0.progress($1, .sessionProgress, body: Caller.answer, now: $2) }
            let response = try #require(bench.takeResponses().last)
            rseq = try #require(try response.headers.rseq)
            caller.remoteTag = try response.headers.to.tag
            if stage == .prackOfferPending {
                bench.receive(
                    caller.next("PRACK", Caller.sdp + "RAck: \(rseq) 1 INVITE\n"),
                    body: Caller.offer)
            } else if stage == .acceptedWaitingForPRACK {
                try perform { $0.accept($1, body: Caller.answer, now: $2) }
            }
        case .unacknowledged, .waitingToHangUp:
            try ring()
            try perform { $0.accept($1, body: Caller.answer, now: $2) }
            if stage == .waitingToHangUp {
                caller.remoteTag = try bench.takeResponses().last?.headers.to.tag
                try perform { $0.end($1, now: $2) }
            }
        default:
            id = try caller.establish(bench, allow)
            switch stage {
            case .reinvitePending:
                bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
            case .updatePending:
                bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
            case .offerlessPending: bench.receive(caller.next("INVITE"))
            case .ownReinvite: try perform { $0.offer($1, Caller.answer, now: $2) }
            case .ownUpdate: try perform { $0.offer($1, Caller.answer, byUpdate: true, now: $2) }
            case .hangingUp: try perform { $0.end($1, now: $2) }
            default: break
            }
        }
        if caller.remoteTag == nil {
            caller.remoteTag = try bench.takeResponses().last?.headers.to.tag
        }
        _ = bench.takeSent()

        let inviteSequence = caller.sequence
        let rack = "RAck: \(rseq) 1 INVITE\n"
        var method = "INVITE"
        switch input {
        case .invite: bench.receive(caller.next("INVITE", Caller.sdp), body: Caller.offer)
        case .inviteWithoutOffer: bench.receive(caller.next("INVITE"))
        case .update: bench.receive(caller.next("UPDATE", Caller.sdp), body: Caller.offer)
        case .updateWithoutOffer: bench.receive(caller.next("UPDATE"))
        case .prack: bench.receive(caller.next("PRACK", rack))
        case .prackWithOffer:
            bench.receive(caller.next("PRACK", Caller.sdp + rack), body: Caller.offer)
        case .acknowledgement: bench.receive(caller.request("ACK", sequence: inviteSequence))
        case .acknowledgementWithBody:
            bench.receive(
                caller.request("ACK", Caller.sdp, sequence: inviteSequence), body: Caller.offer)
        case .cancel: bench.receive(caller.same("CANCEL"))
        case .bye: bench.receive(caller.next("BYE"))
        case .info: bench.receive(caller.next("INFO"))
        case .options: bench.receive(caller.next("OPTIONS"))
        case .refer: bench.receive(caller.next("REFER"))
        case .unknown: bench.receive(caller.next("FOO"))
        }
        let sequence = caller.sequence
        switch input {
        case .update, .updateWithoutOffer: method = "UPDATE"
        case .prack, .prackWithOffer: method = "PRACK"
        case .acknowledgement, .acknowledgementWithBody: method = "ACK"
        case .cancel: method = "CANCEL"
        case .bye: method = "BYE"
        case .info: method = "INFO"
        case .options: method = "OPTIONS"
        case .refer: method = "REFER"
        case .unknown: method = "FOO"
        case .invite, .inviteWithoutOffer: break
        }
        // The application decides on whatever it was asked, then hangs up.
        for event in bench.takeEvents() {
            switch event {
            case .reoffered(let id, _, _), .offerWanted(let id, _):
                bench.perform { $0.acceptOffer(id, body: Caller.answer, now: $1) }
            case .requested(let request, _, _, _):
                bench.perform { $0.respond(to: request, Rejection(.decline), now: $1) }
            default: break
            }
        }
        if let id { bench.perform { $0.end(id, now: $1) } }
        bench.wait(400)
        var finals: Set<UInt16> = []
        for response in bench.takeResponses()
        where response.status >= 200
            && (try? response.headers.cseq) == CSeq(UInt32(sequence), Method(method))
        {
            finals.insert(response.status.value)
        }
        #expect(finals.count == (method == "ACK" ? 0 : 1), "\(finals)")
        #expect(bench.core.isIdle)
        #expect(bench.core.entryCount == 0 && bench.core.deadline == nil)
    }

    /// Messages of a whole call with octets changed, dropped and doubled.
    @Test func mutatedMessagesDoNoHarm() throws {
        var random: UInt64 = 42
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % limit
        }
        for _ in 0..<300 {
            let bench = Bench()
            var caller = Caller()
            let id = try caller.establish(bench, "Supported: timer, 100rel\nSession-Expires: 90\n")
            let texts = [
                caller.next("INVITE", Caller.sdp), caller.next("UPDATE", Caller.sdp),
                caller.next("UPDATE", "Session-Expires: 90;refresher=uas\n"),
                caller.next("PRACK", "RAck: 1 1 INVITE\n"), caller.request("ACK", Caller.sdp),
                caller.next("BYE"),
            ]
            for text in texts {
                var octets = Array(
                    (text.replacing("\n", with: "\r\n") + "Content-Length: 4\r\n\r\nv=0\n").utf8)
                for _ in 0..<next(4) {
                    let place = next(octets.count)
                    switch next(4) {
                    case 0: octets[place] = UInt8(next(256))
                    case 1: octets.remove(at: place)
                    case 2: octets.insert(octets[place], at: place)
                    default:
                        let end = min(octets.count, place + next(20))
                        octets.insert(contentsOf: octets[place..<end], at: next(octets.count))
                    }
                }
                guard let message = try? Message(parsing: octets) else { continue }
                bench.perform { $0.receive(message, on: Bench.flow(), now: $1) }
                for event in bench.takeEvents() where event.name == "reoffered" {
                    bench.perform { $0.acceptOffer(id, body: Caller.answer, now: $1) }
                }
            }
            bench.perform { $0.end(id, now: $1) }
            bench.wait(400)
            #expect(bench.core.isIdle && bench.core.entryCount == 0)
        }
    }
}
