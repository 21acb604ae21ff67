import SIP
import Testing

/// Every message of RFC 4475 gets the RFC's answer, as far as form alone gives one.
@Suite struct RFC4475Tests {
    enum Answer: Equatable, Sendable {
        /// A request without defect.
        case wellFormed
        /// A request that is answered with this status.
        case rejected(StatusCode)
        /// A response that may be looked at.
        case response
        /// A response that is dropped.
        case dropped
    }

    static let answers: [(String, Answer)] = [
        ("wsinv", .wellFormed), ("intmeth", .wellFormed), ("esc01", .wellFormed),
        ("escnull", .wellFormed), ("esc02", .wellFormed), ("lwsdisp", .wellFormed),
        ("longreq", .wellFormed), ("dblreq", .wellFormed), ("semiuri", .wellFormed),
        ("transports", .wellFormed), ("mpart01", .wellFormed), ("unreason", .response),
        ("noreason", .response), ("badinv01", .rejected(400)), ("clerr", .rejected(400)),
        ("ncl", .rejected(400)), ("scalar02", .rejected(400)), ("scalarlg", .dropped),
        ("quotbal", .rejected(400)), ("ltgtruri", .rejected(400)), ("lwsruri", .rejected(400)),
        ("lwsstart", .rejected(400)), ("trws", .rejected(400)), ("escruri", .rejected(400)),
        ("baddate", .wellFormed), ("regbadct", .rejected(400)), ("badaspec", .rejected(400)),
        ("baddn", .wellFormed), ("badvers", .rejected(505)), ("mismatch01", .rejected(400)),
        ("mismatch02", .rejected(400)), ("bigcode", .dropped), ("badbranch", .wellFormed),
        ("insuf", .rejected(400)), ("unkscm", .rejected(416)), ("novelsc", .rejected(416)),
        ("unksm2", .rejected(400)), ("bext01", .wellFormed), ("invut", .wellFormed),
        ("regaut01", .wellFormed), ("multi01", .rejected(400)), ("mcl01", .rejected(400)),
        ("bcast", .response), ("zeromf", .wellFormed), ("cparam01", .wellFormed),
        ("cparam02", .wellFormed), ("regescrt", .wellFormed), ("sdp01", .wellFormed),
        ("inv2543", .wellFormed),
    ]

    @Test(arguments: answers)
    func answersAsTheRFCSays(name: String, expected: Answer) throws {
        let octets = try Vector(collection: "rfc4475", name: name).octets
        let answer: Answer
        var reason: String?
        do {
            switch try Message(parsing: octets) {
            case .request(let request):
                let defect = request.defect()
                reason = defect?.reason
                answer = defect.map { .rejected($0.status) } ?? .wellFormed
            case .response(let response): answer = response.isMalformed ? .dropped : .response
            }
        } catch MessageError.badStatusLine {
            answer = .dropped
        }
        #expect(answer == expected, "\(reason ?? "no reason")")
    }

    @Test func noVectorIsLeftOut() {
        #expect(Set(Vector.all("rfc4475").map(\.name)) == Set(Self.answers.map(\.0)))
    }

    // MARK: The values that must be read

    private func request(_ name: String) throws -> Request {
        let octets = try Vector(collection: "rfc4475", name: name).octets
        guard case .request(let request) = try Message(parsing: octets) else {
            throw MessageError.notSIP
        }
        return request
    }

    private func response(_ name: String) throws -> Response {
        let octets = try Vector(collection: "rfc4475", name: name).octets
        guard case .response(let response) = try Message(parsing: octets) else {
            throw MessageError.notSIP
        }
        return response
    }

    @Test func wsinv() throws {
        let request = try request("wsinv")
        let headers = request.headers
        #expect(request.requestURI.parameters.contains("unknownparam"))
        #expect(try headers.to.tag == "1918181833n")
        #expect(try headers.from.displayName == #"J Rosenberg \""#)
        #expect(try headers.from.tag == "98asjd8")
        #expect(try headers.maxForwards == 68)
        #expect(try headers.cseq == CSeq(9, .invite))
        let vias = try headers.vias
        #expect(vias.map(\.transport) == ["UDP", "TCP", "UDP"])
        #expect(vias.map(\.host) == ["192.0.2.2", "spindle.example.com", "192.168.255.111"])
        #expect(vias.map(\.branch) == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"])
        #expect(headers[first: "subject"] == "")
        #expect(headers[first: "NewFangledHeader"] == "newfangled value continued newfangled value")
        #expect(headers[first: "UnknownHeaderWithUnusualValue"] == ";;,,;;,;")
        let contact = try #require(try headers.firstContact)
        #expect(contact.address.displayName == #"Quoted string """#)
        #expect(contact.parameters["newparam"] == "newvalue")
        #expect(contact.parameters.contains("secondparam"))
        #expect(contact.preference == 330)
        #expect(try headers.routes.first?.uri.isLooseRouter == true)
        #expect(request.bodyLength == 150)
    }

    @Test func intmeth() throws {
        let request = try request("intmeth")
        let name = "!interesting-Method0123456789_*+`.%indeed'~"
        #expect(request.method == Method(name))
        #expect(request.requestURI.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
        #expect(request.requestURI.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
        #expect(try request.headers.to.displayName == "BEL:\u{7} NUL:\0 DEL:\u{7f}")
        #expect(try request.headers.from.displayName == "token1~` token2'+_ token3*%!.-")
        #expect(try request.headers.from.parameters["fromParam''~+*_!.-%"] == "работающий")
        #expect(request.headers.callID == #"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#)
        #expect(request.headers[first: "extensionHeader-!.%*+_`'~"] == "\u{feff}大停電")
    }

    @Test func escapes() throws {
        var request = try request("esc01")
        #expect(request.requestURI.user == "sips:user@example.com")
        #expect(try request.headers.to.uri == URI("sip:user@example.com"))
        #expect(try request.headers.from.uri.user == "I have spaces")
        let contact = try #require(try request.headers.firstContact).uri
        #expect(contact.isLooseRouter)
        #expect(contact.parameters["name"] == "value%2541")
        #expect(contact.user == "caller")
        #expect(
            contact.description == "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31")

        request = try self.request("escnull")
        let contacts = try request.headers.contacts.list.map(\.uri)
        #expect(contacts.map(\.user) == ["\0", "\0\0"])
        #expect(!contacts[0].isEquivalent(to: contacts[1]))

        request = try self.request("esc02")
        #expect(request.method == "RE%47IST%45R")
        #expect(try request.headers.to.displayName == "%Z%45")
        #expect(try request.headers.contacts.list.count == 2)
        #expect(request.headers[first: "C%6Fntact"] == "<sip:alias2@host2.example.com>")

        request = try self.request("semiuri")
        #expect(request.requestURI.user == "user;par=u@example.net")
        #expect(request.requestURI.parameters.isEmpty)
    }

    @Test func longreq() throws {
        let headers = try request("longreq").headers
        #expect(try headers.vias.count == 34)
        #expect(try headers.vias.last?.transport == "TCP")
        #expect(try headers.firstContact?.uri.user?.hasPrefix("amazinglylongcallername") == true)
    }

    @Test func bodies() throws {
        #expect(try request("dblreq").bodyLength == 0)
        #expect(try request("dblreq").method == .register)
        let multipart = try request("mpart01")
        #expect(try multipart.bodyLength == multipart.headers.contentLength)
        #expect(try multipart.headers.contentType?.parameters["boundary"] != nil)
        #expect(multipart.body.contains(0) || multipart.body.contains { $0 > 127 })
        #expect(try request("clerr").fault == .shortBody)
    }

    @Test func responses() throws {
        #expect(try response("unreason").reason.hasPrefix("= 2**3 * 5**2 но сто девяносто девять"))
        #expect(try response("noreason").reason == "")
        #expect(try response("noreason").status == 100)
        #expect(try response("bcast").headers.vias.last?.host == "255.255.255.255")
    }

    @Test func contacts() throws {
        #expect(
            try request("cparam01").headers.firstContact?.parameters.contains("unknownparam")
                == true)
        #expect(
            try request("cparam02").headers.firstContact?.uri.parameters.contains("unknownparam")
                == true)
        #expect(
            try request("regescrt").headers.firstContact?.uri.headers
                == "Route=%3Csip:sip.example.com%3E")
    }

    @Test func whatOtherLayersAnswer() throws {
        let extensions = try request("bext01").headers
        #expect(try extensions.require == ["nothingSupportsThis", "nothingSupportsThisEither"])
        #expect(
            try extensions.proxyRequire == ["noProxiesSupportThis", "norDoAnyProxiesSupportThis"])
        #expect(try request("invut").headers.contentType?.value == "application/unknownformat")
        #expect(
            try request("regaut01").headers.credentials(.authorization).map(\.scheme)
                == ["NoOneKnowsThisScheme"])
        #expect(try request("zeromf").headers.maxForwards == 0)
        #expect(try request("sdp01").headers.accept?.map(\.value) == ["text/nobodyKnowsThis"])
        #expect(try request("badbranch").headers.topVia().hasMagicCookie == false)
        #expect(try request("baddate").headers.date == nil)
        #expect(try request("inv2543").headers.from.tag == nil)
        #expect(
            try request("transports").headers.vias.map(\.transport)
                == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"])
    }
}
