import Primitives
import SIP
import Testing

@Suite struct TransactionLayerClientTests {
    static let sentBy = SentBy("192.0.2.1", port: 5060)
    static let hop = Destination.hop(NextHop(transport: .udp, host: "pbx.example.com"))

    static func request(_ method: Method, body: Int = 0) throws -> Request {
        let text = """
            \(method) sip:201@pbx.example.com SIP/2.0
            Max-Forwards: 70
            Route: <sip:a.example.com;lr>
            Route: <sip:b.example.com;lr>
            From: <sip:moh@192.0.2.1>;tag=us
            To: <sip:201@pbx.example.com>
            Call-ID: ours
            CSeq: 7 \(method)
            """
        guard case .request(var request) = try Message(parsing: Exchange.octets(text)) else {
            throw MessageError.notSIP
        }
        request.body = [UInt8](repeating: 0x20, count: body)
        return request
    }

    /// What was sent first, and a way to answer it.
    struct Call {
        var x: Exchange
        let id: ClientTransactionID
        let sent: Request

        init(_ method: Method, to destination: Destination = hop, body: Int = 0) throws {
            x = Exchange()
            let request = try TransactionLayerClientTests.request(method, body: body)
            let id = x.layer.send(request, to: destination, sentBy: sentBy, now: x.now)
            self.id = try #require(id)
            let seen = x.drain()
            guard case .request(let sent) = seen.first?.message else { throw MessageError.notSIP }
            self.sent = sent
        }

        mutating func answer(
            _ status: StatusCode, tag: String = "them", to request: Request? = nil,
            on flow: Flow = Exchange.udp
        ) -> [Seen] {
            let response = (request ?? sent).response(status, toTag: tag)
            return x.receive(octets: response.serialised(), on: flow)
        }
    }

    @Test func theBranchIsUniqueAndSaysWhose() throws {
        let x = Exchange()
        var branches: Set<String> = []
        for _ in 0..<100 { branches.insert(x.layer.makeBranch()) }
        #expect(branches.count == 100)
        #expect(branches.allSatisfy { $0.hasPrefix("z9hG4bKn1e1-") && $0.utf8.count == 28 })
        let call = try Call(.options)
        let via = try call.sent.headers.topVia()
        #expect(via.wantsRport && via.host == "192.0.2.1" && via.port == 5060)
    }

    @Test func aRefusalIsAcknowledgedEachTimeAndToldOnce() throws {
        var call = try Call(.invite)
        #expect(call.answer(.trying).texts == ["response 100"])
        let seen = call.answer(.busyHere)
        #expect(seen.texts == ["send ACK", "response 486"])
        guard case .request(let ack) = seen.first?.message else { return }
        let invite = call.sent
        #expect(ack.requestURI == invite.requestURI)
        #expect(ack.headers.values(of: .via) == invite.headers.values(of: .via))
        #expect(ack.headers.values(of: .route) == invite.headers.values(of: .route))
        #expect(ack.headers[first: .from] == invite.headers[first: .from])
        #expect(ack.headers[first: .callID] == "ours")
        #expect(try ack.headers.to.tag == "them")
        #expect(try ack.headers.cseq == CSeq(7, .ack))
        #expect(ack.defect() == nil)
        #expect(seen.first?.destination == Self.hop)
        let again = call.answer(.busyHere)
        #expect(again.texts == ["send ACK"])
        #expect(again.first?.octets == seen.first?.octets)
        #expect(call.x.pass(32000).texts == ["clientEnded"])
        #expect(call.x.layer.count == 0)
    }

    @Test func everySuccessIsToldAndNoneAcknowledged() throws {
        var call = try Call(.invite)
        #expect(call.answer(.ok, tag: "a").texts == ["response 200"])
        #expect(call.answer(.ok, tag: "a").texts == ["response 200"])
        #expect(call.answer(.ok, tag: "b").texts == ["response 200"])
        #expect(call.answer(.busyHere).texts == [])
        #expect(call.x.pass(32000).texts == ["clientEnded"])
        #expect(call.answer(.ok, tag: "a").texts == ["stray 200"])
    }

    @Test func timesOut() throws {
        var invite = try Call(.invite)
        let seen = invite.x.pass(32000)
        #expect(seen.sent == Array(repeating: "INVITE", count: 6))
        #expect(seen.texts.suffix(2) == ["failed timedOut", "clientEnded"])
        var options = try Call(.options)
        #expect(options.x.pass(32000).texts.suffix(2) == ["failed timedOut", "clientEnded"])
        #expect(options.x.layer.statistics.timeouts == 1)
    }

    // MARK: CANCEL

    @Test func cancelWaitsForAProvisionalResponse() throws {
        var call = try Call(.invite)
        call.x.layer.cancel(call.id, reason: "SIP;cause=200", now: call.x.now)
        #expect(call.x.drain().texts == [])
        let seen = call.answer(.trying)
        #expect(seen.texts == ["send CANCEL", "response 100"])
        guard case .request(let cancel) = seen.first?.message else { return }
        #expect(cancel.headers.values(of: .via) == call.sent.headers.values(of: .via))
        #expect(try cancel.headers.cseq == CSeq(7, .cancel))
        #expect(cancel.headers[first: .reason] == "SIP;cause=200")
        #expect(cancel.headers[first: .to] == call.sent.headers[first: .to])
        // Its own response goes no further.
        #expect(call.answer(.ok, to: cancel).texts == [])
        #expect(call.answer(.requestTerminated).texts == ["send ACK", "response 487"])
        #expect(call.x.pass(32000).texts == ["clientEnded"])
        #expect(call.x.layer.count == 0)
    }

    @Test func aCancelledInviteWithoutAnAnswerTimesOut() throws {
        var call = try Call(.invite)
        _ = call.answer(.ringing)
        call.x.layer.cancel(call.id, now: call.x.now)
        call.x.layer.cancel(call.id, now: call.x.now)
        #expect(call.x.drain().texts == ["send CANCEL"])
        let seen = call.x.pass(32000)
        #expect(seen.sent == Array(repeating: "CANCEL", count: 10))
        #expect(seen.texts.filter { !$0.hasPrefix("send") } == ["failed timedOut", "clientEnded"])
        #expect(call.x.layer.count == 0)
    }

    @Test(arguments: [StatusCode.ok, .busyHere]) func anAnsweredInviteIsNotCancelled(
        status: StatusCode
    ) throws {
        var call = try Call(.invite)
        _ = call.answer(status)
        call.x.layer.cancel(call.id, now: call.x.now)
        #expect(call.x.drain().texts == [])
    }

    // MARK: Transport

    @Test func aFailedSendIsTold() throws {
        var call = try Call(.options)
        call.x.layer.transportFailed(Self.hop, now: call.x.now)
        #expect(call.x.drain().texts == ["failed transport", "clientEnded"])
        var ringing = try Call(.invite)
        _ = ringing.answer(.ringing)
        ringing.x.layer.transportFailed(Self.hop, now: ringing.x.now)
        #expect(ringing.x.drain().texts == [])
    }

    @Test func aLongRequestGoesByTCPAndByUDPIfThatFails() throws {
        var x = Exchange()
        let request = try Self.request(.invite, body: 1500)
        _ = x.layer.send(request, to: Self.hop, sentBy: Self.sentBy, now: x.now)
        let seen = x.drain()
        let tcp = Destination.hop(NextHop(transport: .tcp, host: "pbx.example.com"))
        #expect(seen.first?.destination == tcp)
        guard case .request(let sent) = seen.first?.message else { return }
        #expect(try sent.headers.topVia().transport == "TCP")
        #expect(x.pass(1000).texts == [])
        x.layer.transportFailed(tcp, now: x.now)
        let retried = x.drain()
        #expect(retried.texts == ["send INVITE"])
        #expect(retried.first?.destination == Self.hop)
        guard case .request(let again) = retried.first?.message else { return }
        #expect(try again.headers.topVia().transport == "UDP")
        #expect(x.pass(500).texts == ["send INVITE"])
        x.layer.transportFailed(Self.hop, now: x.now)
        #expect(x.drain().texts == ["failed transport", "clientEnded"])
    }

    @Test func theAckTakesTheConnectionThatTheAnswerCameBy() throws {
        let hop = Destination.hop(NextHop(transport: .tcp, host: "pbx.example.com"))
        var call = try Call(.invite, to: hop)
        let seen = call.answer(.busyHere, on: Exchange.tcp)
        #expect(seen.first?.destination == .flow(Exchange.tcp))
        #expect(seen.texts == ["send ACK", "response 486", "clientEnded"])
    }

    /// The connection is one that the peer made: its other end is nobody's listening port.
    @Test func theAckKeepsThePlaceWhereThePeerListens() throws {
        var listening = Exchange.tcp
        listening.remote.port = 5060
        var call = try Call(.invite, to: .flow(listening))
        #expect(call.answer(.busyHere, on: Exchange.tcp).first?.destination == .flow(listening))
    }

    @Test func anAbandonedOneIsSilent() throws {
        var call = try Call(.options)
        call.x.layer.abandon(call.id)
        #expect(call.x.pass(40_000).texts == [])
        #expect(call.answer(.ok).texts == [])
        #expect(call.x.layer.statistics.strayResponses == 1)
    }

    // MARK: Strays

    @Test func responsesOfOthersAreDropped() throws {
        var call = try Call(.options)
        var wrongMethod = call.sent.response(.ok)
        wrongMethod.headers.set(.cseq, "7 INFO")
        #expect(call.x.receive(octets: wrongMethod.serialised()).texts == [])
        var twoVias = call.sent.response(.ok)
        twoVias.headers.append(.via, "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKx")
        #expect(call.x.receive(octets: twoVias.serialised()).texts == [])
        #expect(call.x.layer.statistics.strayResponses == 2)
        #expect(call.answer(.ok).texts == ["response 200"])
        #expect(call.answer(.ok).texts == [])
    }

    /// RFC 4475 §3.3.10: nothing goes to the broadcast address.
    @Test func bcast() {
        var x = Exchange()
        let seen = x.receive(
            """
            SIP/2.0 200 OK
            Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
            Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
            Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
            CSeq: 35 INVITE
            From: sip:user@example.com;tag=11141343
            To: sip:user@example.edu;tag=2229
            Content-Type: application/sdp
            Contact: <sip:user@host28.example.com>
            """)
        #expect(seen.texts == [])
        #expect(x.layer.statistics.strayResponses == 1)
    }
}
