/// A request: what it wants (method), of whom (Request-URI), header fields and body.
package struct Request: Sendable {
    package var method: Method { didSet { startLine = nil } }
    package var headers: Headers
    private var uri: LocatedURI
    private var bodyStorage: MessageBodyStorage
    /// What it was parsed from; shared with the headers until they are changed. Empty for our own.
    private let origin: [UInt8]
    /// Where the start line is in `origin`, while it says what it did.
    private var startLine: Range<Int>?
    private let hasStandardLineEnds: Bool
    /// What is wrong with the outline; nil for requests of our own.
    package let fault: StructuralFault?
    /// Whether the version is SIP/2.0.
    let isVersion2: Bool

    private enum LocatedURI: Sendable {
        case located(Range<Int>)
        case own(URI)
    }

    /// A request of our own. Content-Length is written by the serialiser.
    package init(
        method: Method, requestURI: URI, headers: Headers = Headers(), body: [UInt8] = []
    ) {
        self.method = method
        self.headers = headers
        uri = .own(requestURI)
        bodyStorage = .own(body)
        origin = []
        startLine = nil
        hasStandardLineEnds = true
        fault = nil
        isVersion2 = true
    }

    init(
        _ outline: MessageOutline, _ headers: Headers, method: Method, uri: Range<Int>
    ) {
        self.method = method
        self.headers = headers
        origin = headers.storage
        self.uri = .located(uri)
        bodyStorage = .located(outline.body)
        startLine =
            outline.fault == .startLine || !outline.hasStandardLineEnds ? nil : outline.startLine
        hasStandardLineEnds = outline.hasStandardLineEnds
        fault = outline.fault
        isVersion2 = outline.isVersion2
    }

    /// Its scheme is `malformed` when what stands there is no URI.
    package var requestURI: URI {
        get {
            switch uri {
            case .own(let uri): uri
            case .located(let range):
                URI(parsing: origin[range]) ?? .malformed(origin[range])
            }
        }
        set {
            uri = .own(newValue)
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

    /// Octets of the Request-URI as it came.
    var requestURILength: Int {
        switch uri {
        case .located(let range): range.count
        case .own(let uri): uri.description.utf8.count
        }
    }
}

extension Request: CustomStringConvertible {
    /// For logs: what the start line says.
    package var description: String { "\(method) \(requestURI)" }
}

// MARK: - Serialising

extension Request {
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
            octets += method.name.utf8
            octets.append(0x20)
            switch uri {
            case .located(let range): octets += origin[range]
            case .own(let uri): octets += uri.description.utf8
            }
            octets += " SIP/2.0\r\n".utf8
        }
        writer.write(into: &octets)
    }
}
