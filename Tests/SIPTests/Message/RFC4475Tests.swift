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
}
