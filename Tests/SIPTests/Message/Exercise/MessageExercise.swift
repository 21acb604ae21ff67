import Primitives
import SIP

/// What must hold for any octets at all: nothing traps, and what was read and written reads the same.
///
/// Also what the fuzz targets call (Tests/Fuzz/Targets), hence no test library here.
package enum MessageExercise {
    /// A promise that doesn't hold.
    package struct Broken: Error, CustomStringConvertible {
        package var description: String
        init(_ description: String) { self.description = description }
    }

    /// - Returns: whether the octets were a message.
    @discardableResult
    package static func run(_ octets: [UInt8]) throws -> Bool {
        guard let message = try? Message(parsing: octets) else { return false }
        let fault: StructuralFault?
        switch message {
        case .request(let request):
            fault = request.fault
            _ = request.defect()
            _ = request.description
            try check(uri: request.requestURI)
            for status: StatusCode in [.trying, .ok, .badRequest] {
                let answer = request.response(status, toTag: "tag").serialised()
                guard case .response(let again) = try? Message(parsing: answer),
                    again.status == status
                else { throw Broken("a response of ours can't be read") }
            }
        case .response(let response):
            fault = response.fault
            _ = response.isMalformed
            _ = response.description
        }
        try touch(message.headers)
        try checkSerialised(message, hasFault: fault != nil)
        // One with control octets is answered, never sent on.
        if fault == nil { try checkChanged(message) }
        return true
    }

    /// Writing what was read, reading and writing it again: the same twice.
    private static func checkSerialised(_ message: Message, hasFault: Bool) throws {
        let first = message.serialised()
        let again: Message
        do {
            again = try Message(parsing: first)
        } catch {
            // Longer by a Content-Length of ours, or beyond the limits only now.
            if error == .tooLong || error == .tooManyFields || hasFault { return }
            throw Broken("what was written can't be read: \(error)")
        }
        guard again.serialised() == first else { throw Broken("written twice, it differs") }
        guard !hasFault else { return }
        func fields(_ message: Message) -> [String] {
            message.headers.all.filter { HeaderName($0.name) != .contentLength }
                .map { "\($0.name): \($0.value)" }
        }
        guard fields(again) == fields(message) else {
            throw Broken("fields differ when read again")
        }
        guard body(again) == body(message) else { throw Broken("the body differs when read again") }
        try checkFrames(first)
    }

    private static func body(_ message: Message) -> [UInt8] {
        switch message {
        case .request(let request): request.body
        case .response(let response): response.body
        }
    }

    /// On a stream, what is written is one frame, wherever the reads cut it.
    private static func checkFrames(_ octets: [UInt8]) throws {
        guard octets.count > 4 else { return }
        for cut in [octets.count / 3, octets.count - 1] {
            var framer = StreamFramer()
            framer.append(octets[..<cut])
            let early = framer.next()
            framer.append(octets[cut...])
            switch (early, framer.next()) {
            case (.needMore, .message(let whole)) where whole == octets: break
            case (_, .broken): break
            default: throw Broken("a message is no frame")
            }
        }
    }

    /// What an element does to the messages that it sends on.
    private static func checkChanged(_ message: Message) throws {
        guard case .request(var request) = message else { return }
        if var via = try? request.headers.topVia() {
            via.received = .loopbackV6
            via.rport = 5060
            request.headers.replaceFirstElement(of: .via, with: via)
            guard let again = try? request.headers.topVia(), again == via else {
                throw Broken("a Via that was written can't be read")
            }
            request.headers.removeFirstElement(of: .via)
        }
        request.headers.insertFirst(.via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa")
        request.headers.set(.maxForwards, 69)
        request.headers.remove(.route)
        request.body = [0, 13, 10]
        guard case .request(let again) = try? Message(parsing: request.serialised()) else { return }
        guard again.body == request.body else { throw Broken("a body that was set isn't there") }
    }

    /// Everything that is read on demand is read.
    private static func touch(_ headers: Headers) throws {
        _ = headers.all
        _ = try? headers.topVia()
        for via in (try? headers.vias) ?? [] {
            guard let again = Via(via.description), again == via else {
                throw Broken("Via \(via) reads differently")
            }
            _ = (via.received, via.rport, via.hasMagicCookie)
        }
        for name: HeaderName in [
            .from, .to, .route, .recordRoute, .contact, .diversion, .historyInfo,
            .pAssertedIdentity,
            .pPreferredIdentity, .referTo, .referredBy, .replyTo, .path, .serviceRoute,
        ] {
            if let address = try? headers.address(name) { try check(address) }
            for address in (try? headers.addresses(name)) ?? [] { try check(address) }
        }
        for name: HeaderName in [.from, .to] {
            if let address = try? headers.address(name), address.tag != headers.tag(of: name) {
                throw Broken("the tag of \(address) is also \(headers.tag(of: name) ?? "none")")
            }
        }
        for contact in (try? headers.contacts.list) ?? [] {
            _ = (contact.expires, contact.preference)
        }
        _ = try? headers.firstContact
        _ = headers.callID
        if let cseq = try? headers.cseq, cseq.number >= 1 << 31 { throw Broken("CSeq \(cseq)") }
        if let maximum = try? headers.maxForwards, maximum > 255 { throw Broken("Max-Forwards") }
        _ = (try? headers.require, try? headers.supported, try? headers.proxyRequire)
        _ = (try? headers.unsupported, try? headers.allow, try? headers.allowEvents)
        _ = (try? headers.accept, try? headers.contentType, try? headers.contentDisposition)
        _ = (try? headers.contentLength, try? headers.contentEncodings, headers.date)
        _ = (try? headers.expires, try? headers.minExpires, try? headers.retryAfter)
        _ = (try? headers.sessionExpires, try? headers.minSE, try? headers.rack, try? headers.rseq)
        _ = (try? headers.reasons, try? headers.event, try? headers.warnings)
        if let replaces = try? headers.replaces, Replaces(replaces.description) != replaces {
            throw Broken("Replaces \(replaces) reads differently")
        }
        for name: HeaderName in [.authorization, .proxyAuthorization] {
            _ = try? headers.credentials(name)
        }
        for name: HeaderName in [.wwwAuthenticate, .proxyAuthenticate] {
            _ = try? headers.challenges(name)
        }
    }

    private static func check(_ address: NameAddress) throws {
        guard let again = NameAddress(address.description), again.uri == address.uri,
            again.parameters == address.parameters
        else { throw Broken("address \(address) reads differently") }
        try check(uri: address.uri)
    }

    private static func check(uri: URI) throws {
        _ = TelephoneNumber(uri)
        _ = uri.user
        guard uri.scheme != .malformed else { return }
        guard uri.isEquivalent(to: uri) else { throw Broken("\(uri) isn't equivalent to itself") }
        guard let again = URI(uri.description), again == uri else {
            throw Broken("URI \(uri) reads differently")
        }
        let record = uri.addressOfRecord
        guard record.addressOfRecord == record else {
            throw Broken("the address-of-record of \(uri) has another")
        }
    }
}
