extension UserAgentCore {
    /// What the core answers by itself.
    static let ownMethods: [Method] = [
        .invite, .ack, .cancel, .bye, .options, .prack, .update, .info,
    ]

    /// Methods that are known here though nobody serves them: 405, and not 501 (RFC 3261 §21.5.2).
    private static let knownMethods: Set<Method> = [
        .register, .subscribe, .notify, .publish, .refer, .message,
    ]

    /// The extensions that we speak.
    static let extensions = ["100rel", "timer"]

    /// The value of Allow.
    var allowedMethods: String {
        let more = configuration.applicationMethods.filter { !Self.ownMethods.contains($0) }
        return (Self.ownMethods + more.sorted { $0.name < $1.name }).map(\.name)
            .joined(separator: ", ")
    }

    /// The answer that a well-formed request earns before anyone looks at its dialog: method,
    /// extensions, content, in this order (RFC 3261 §8.2.1, §8.2.2.3, §8.2.3).
    func rejection(of request: Request) -> Rejection? {
        let method = request.method
        guard Self.ownMethods.contains(method) || configuration.applicationMethods.contains(method)
        else {
            return Rejection(
                Self.knownMethods.contains(method) ? .methodNotAllowed : .notImplemented,
                headers: [.init(.allow, allowedMethods)])
        }
        let required: [String]
        do {
            required = try request.headers.require
        } catch {
            return Rejection(.badRequest, reason: error.description)
        }
        let unknown = required.filter { name in
            !Self.extensions.contains { $0.utf8.equalsIgnoringCase(name) }
        }
        if !unknown.isEmpty {
            return Rejection(
                .badExtension,
                headers: unknown.map { .init(.unsupported, $0) })
        }
        guard method == .invite || method == .update || method == .prack else { return nil }
        return contentRejection(of: request)
    }

    /// RFC 3261 §8.2.3, for the methods whose body may be an offer or answer.
    private func contentRejection(of request: Request) -> Rejection? {
        if !request.body.isEmpty, !isBodyOptional(request) {
            let encodings = (try? request.headers.contentEncodings) ?? ["?"]
            guard encodings.allSatisfy({ $0.utf8.equalsIgnoringCase("identity") }) else {
                return Rejection(
                    .unsupportedMediaType, headers: [.init(.acceptEncoding, "identity")])
            }
            guard isAcceptedContent(request) else {
                return Rejection(
                    .unsupportedMediaType, headers: [.init(.accept, acceptedContent)])
            }
        }
        // What we answer with is a session description: who takes none can't be served.
        guard request.method == .invite, request.headers.contains(.accept) else { return nil }
        let accepted = (try? request.headers.accept) ?? []
        let fits = accepted.contains { range in
            range.isValue("*/*") || range.isValue("application/*")
                || configuration.acceptedContentTypes.contains { range.isValue($0) }
        }
        return fits ? nil : Rejection(.notAcceptable, headers: [.init(.accept, acceptedContent)])
    }

    /// The value of Accept.
    var acceptedContent: String { configuration.acceptedContentTypes.joined(separator: ", ") }

    /// The offer or answer in a message: nil when the body is empty, or one that may be passed over.
    func body(of headers: Headers, _ bytes: [UInt8]) -> MessageBody? {
        guard !bytes.isEmpty, let type = try? headers.contentType,
            configuration.acceptedContentTypes.contains(where: { type.isValue($0) })
        else { return nil }
        return MessageBody(contentType: type.description, bytes: bytes)
    }

    private func isAcceptedContent(_ request: Request) -> Bool {
        guard let type = try? request.headers.contentType else { return false }
        return configuration.acceptedContentTypes.contains { type.isValue($0) }
    }

    /// `Content-Disposition: …;handling=optional` (RFC 3261 §20.11).
    private func isBodyOptional(_ request: Request) -> Bool {
        guard let disposition = try? request.headers.contentDisposition else { return false }
        return disposition.parameters["handling"]?.lowercased() == "optional"
    }

    /// What a request says of session timers.
    func timerTerms(of headers: Headers) throws(HeaderError) -> SessionTimer.Terms {
        let expires = try headers.sessionExpires
        return SessionTimer.Terms(
            interval: expires.map { Int($0.interval) }, refresher: expires?.refresher,
            minimum: try headers.minSE.map { Int($0) },
            isSupported: headers.has("timer", in: .supported)
                || headers.has("timer", in: .require))
    }
}
