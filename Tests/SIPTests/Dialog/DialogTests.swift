import SIP
import Testing

struct DialogTests {
    static func invite(_ extra: String, contact: String = "<sip:201@198.51.100.21:5060>") throws
        -> Request
    {
        let text = """
            INVITE sip:music@pbx.example.com SIP/2.0
            Via: SIP/2.0/UDP 198.51.100.21;branch=z9hG4bK1
            From: "Ana, \\"A\\"" <sip:201@example.com>;tag=a
            To: <sip:music@pbx.example.com>
            Call-ID: d1
            CSeq: 7 INVITE
            Contact: \(contact)
            \(extra)Content-Length: 0


            """.replacing("\n", with: "\r\n")
        guard case .request(let request) = try Message(parsing: Array(text.utf8)) else {
            throw HeaderError(.malformed, .via)
        }
        return request
    }

    static func dialog(_ extra: String, contact: String = "<sip:201@198.51.100.21:5060>") throws
        -> Dialog
    {
        try Dialog(
            incoming: try invite(extra, contact: contact), localTag: "ours",
            contact: URI(user: "music", host: "192.0.2.10"))
    }

    /// G30.
    @Test func calledSideKeepsTheOrderOfRecordRoute() throws {
        var dialog = try Self.dialog(
            """
            Record-Route: <sip:203.0.113.3;lr;x="a,b">, <sip:p2.example.net;lr>
            Record-Route: <sip:p1.example.net;transport=tcp;lr>

            """)
        var refresh = Headers()
        refresh.append(.contact, "<sip:201@198.51.100.21:5080>")
        refresh.append(.recordRoute, "<sip:elsewhere.example.net;lr>")
        dialog.refreshTarget(from: refresh)
        let bye = dialog.request(.bye)
        #expect(bye.requestURI.description == "sip:201@198.51.100.21:5080")
        #expect(
            bye.headers.values(of: .route) == [
                "<sip:203.0.113.3;lr;x=\"a,b\">", "<sip:p2.example.net;lr>",
                "<sip:p1.example.net;transport=tcp;lr>",
            ])
        #expect(dialog.nextHop.host == "203.0.113.3")
        #expect(try bye.headers.from.tag == "ours")
        #expect(try bye.headers.to.tag == "a")
        #expect(try bye.headers.to.displayName == "Ana, \"A\"")
        #expect(bye.headers.callID == "d1")
        #expect(try bye.headers.cseq == CSeq(1, .bye))
        #expect(bye.headers[first: .maxForwards] == "70")
    }

    /// G30, its last sentence.
    @Test func aStrictRouterBecomesTheRequestURI() throws {
        var dialog = try Self.dialog(
            "Record-Route: <sip:203.0.113.3;method=INVITE?a=b>, <sip:p2.example.net;lr>\n")
        let bye = dialog.request(.bye)
        #expect(bye.requestURI.description == "sip:203.0.113.3")
        #expect(
            bye.headers.values(of: .route) == [
                "<sip:p2.example.net;lr>", "<sip:201@198.51.100.21:5060>",
            ])
        #expect(dialog.nextHop.host == "203.0.113.3")
    }

    @Test func theTargetLosesWhatARequestURIMayNotHave() throws {
        var dialog = try Self.dialog(
            "", contact: "<sip:201@198.51.100.21;method=BYE;x=y?Subject=hi>")
        #expect(dialog.request(.bye).requestURI.description == "sip:201@198.51.100.21;x=y")
    }

    @Test func withoutContactTheTargetIsFrom() throws {
        let text = """
            INVITE sip:UserB@example.com SIP/2.0
            Via: SIP/2.0/UDP iftgw.example.com
            From: <sip:+13035551111@ift.client.example.net;user=phone>
            To: sip:+16505552222@ss1.example.net;user=phone
            Call-ID: inv2543
            CSeq: 56 INVITE


            """.replacing("\n", with: "\r\n")
        guard case .request(let request) = try Message(parsing: Array(text.utf8)) else { return }
        let dialog = try Dialog(
            incoming: request, localTag: "t", contact: URI(user: "m", host: "192.0.2.10"))
        #expect(dialog.remoteTag == "")
        #expect(dialog.remoteTarget.host == "ift.client.example.net")
    }

    @Test func callingSideReversesRecordRoute() throws {
        let request = try Self.invite("")
        var response = request.response(.ok, toTag: "b")
        response.headers.append(.recordRoute, "<sip:p2.example.net;lr>, <sip:p1.example.net;lr>")
        response.headers.append(.recordRoute, "<sip:p0.example.net;lr>")
        response.headers.append(.contact, "<sip:callee@203.0.113.9>")
        var dialog = try Dialog(
            outgoing: request, response: response, contact: URI(user: "x", host: "192.0.2.10"))
        let bye = dialog.request(.bye)
        #expect(bye.requestURI.description == "sip:callee@203.0.113.9")
        #expect(
            bye.headers.values(of: .route) == [
                "<sip:p0.example.net;lr>", "<sip:p1.example.net;lr>", "<sip:p2.example.net;lr>",
            ])
        #expect(try bye.headers.cseq == CSeq(8, .bye))
        #expect(try dialog.acknowledgement(of: 7).headers.cseq == CSeq(7, .ack))
    }

    @Test func sequenceNumbersOnlyRise() throws {
        var dialog = try Self.dialog("")
        let taken = [7, 8, 8, 10, 9, 2_147_483_647].map { dialog.accept(sequence: $0) }
        #expect(taken == [false, true, false, true, false, true])
    }
}
