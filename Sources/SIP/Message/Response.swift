/// A response: status code, reason phrase, header fields and body.
package struct Response: Sendable {
    package var status: StatusCode { didSet { startLine = nil } }
    package var headers: Headers
    private var phrase: LocatedPhrase
    private var bodyStorage: MessageBodyStorage
    /// What it was parsed from; shared with the headers until they are changed. Empty for our own.
    private let origin: [UInt8]
    private var startLine: Range<Int>?
    private let hasStandardLineEnds: Bool
    /// What is wrong with the outline; nil for responses of our own.
    package let fault: StructuralFault?
    private let isVersion2: Bool

    private enum LocatedPhrase: Sendable {
        case located(Range<Int>)
        case own(String)
    }

    /// A response of our own. Content-Length is written by the serialiser.
    /// - Parameter reason: nil for the registered phrase.
    package init(
        status: StatusCode, reason: String? = nil, headers: Headers = Headers(), body: [UInt8] = []
    ) {
        self.status = status
        self.headers = headers
        phrase = .own(reason ?? status.phrase)
        bodyStorage = .own(body)
        origin = []
        startLine = nil
        hasStandardLineEnds = true
        fault = nil
        isVersion2 = true
    }

    init(
        _ outline: MessageOutline, _ headers: Headers, status: StatusCode, reason: Range<Int>
    ) {
        self.status = status
        self.headers = headers
        origin = headers.storage
        phrase = .located(reason)
        bodyStorage = .located(outline.body)
        startLine = outline.hasStandardLineEnds ? outline.startLine : nil
        hasStandardLineEnds = outline.hasStandardLineEnds
        fault = outline.fault
        isVersion2 = outline.isVersion2
    }

    /// The reason phrase, for people only.
    package var reason: String {
        get {
            switch phrase {
            case .located(let range): origin[range].text
            case .own(let text): text
            }
        }
        set {
            phrase = .own(newValue)
            startLine = nil
        }
    }

    package var body: [UInt8] {
        get {
            switch bodyStorage {
            case .located(let range): Array(origin[range])
            case .own(let octets): octets
            }
        }
        set { bodyStorage = .own(newValue) }
    }

    /// Octets of the body.
    package var bodyLength: Int { bodyStorage.count }

    /// Whether it must be dropped: a field that every response needs is missing, broken, there twice
    /// or out of range (RFC 3261 §8.1.3, §16.7, §18.1.2).
    package var isMalformed: Bool {
        guard fault == nil, isVersion2 else { return true }
        do {
            _ = try headers.topVia()
            _ = try headers.from
            _ = try headers.to
            _ = try headers.cseq
        } catch {
            return true
        }
        guard headers.callID != nil else { return true }
        return [HeaderName.from, .to, .callID, .cseq].contains { headers.count(of: $0) > 1 }
    }
}

extension Response: CustomStringConvertible {
    /// For logs: what the start line says.
    package var description: String { "\(status) \(reason)" }
}

// MARK: - Serialising

extension Response {
    package func serialised() -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(headers.storage.count + bodyLength + 64)
        serialise(into: &octets)
        return octets
    }

    /// Appends the message. Unchanged fields are copied as they came; Content-Length is made right.
    package func serialise(into octets: inout [UInt8]) {
        var writer = MessageWriter(
            headers: headers, origin: origin, body: bodyStorage,
            hasStandardLineEnds: hasStandardLineEnds)
        if let startLine {
            writer.write(startLine: startLine, into: &octets)
        } else {
            octets += "SIP/2.0 \(status) ".utf8
            switch phrase {
            case .located(let range): octets += origin[range]
            case .own(let text):
                for octet in text.utf8 { octets.append(octet < 0x20 ? 0x20 : octet) }
            }
            octets.append(0x0d)
            octets.append(0x0a)
        }
        writer.write(into: &octets)
    }
}
