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
    var acceptedContent: String {
        (configuration.acceptedContentTypes + ["multipart/mixed"]).joined(separator: ", ")
    }

    /// The offer or answer in a message: nil when the body is empty, or one that may be passed over.
    func body(of headers: Headers, _ bytes: [UInt8]) -> MessageBody? {
        guard !bytes.isEmpty, let type = try? headers.contentType else { return nil }
        if isAccepted(type) { return MessageBody(contentType: type.description, bytes: bytes) }
        // Of alternatives the last is the best; of a mixture there is one session description.
        guard let multipart = MultipartBody(bytes, contentType: type),
            let part = multipart.parts.last(where: { isAccepted($0.contentType) })
        else { return nil }
        return MessageBody(contentType: part.contentType.description, bytes: part.bytes)
    }

    /// Whether the body is, or as a multipart has, what we read.
    ///
    /// RFC 5621 §8 makes every part required that doesn't say otherwise. Gateways send ISUP and
    /// location beside the session description without a word: only a part that says `required`
    /// is refused here, and the body without session description.
    private func isAcceptedContent(_ request: Request) -> Bool {
        guard let type = try? request.headers.contentType else { return false }
        if isAccepted(type) { return true }
        guard let multipart = MultipartBody(request.body, contentType: type),
            multipart.parts.contains(where: { isAccepted($0.contentType) })
        else { return false }
        return !multipart.parts.contains { $0.isRequired && !isAccepted($0.contentType) }
    }

    private func isAccepted(_ type: TokenWithParameters) -> Bool {
        configuration.acceptedContentTypes.contains { type.isValue($0) }
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
