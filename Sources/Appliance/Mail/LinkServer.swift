import HTTPTypes
import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import Mail
internal import NIOCore
internal import NIOPosix
internal import Primitives
internal import Spool
internal import Synchronization
internal import UserAgent

/// Gives a recording to whoever has a link to it: HTTP, for a proxy before it that does TLS.
///
/// An unknown, expired, revoked or forged link all get the same 404.
final class LinkServer: Sendable {
    private let listener: HTTPListener
    private let spool: Spool
    private let trace: Trace
    private let signer: Mutex<LinkSigner>
    private let limiter = Mutex(RequestLimiter())

    /// Octets that are read at a time.
    private static let block = 1 << 16

    init(on endpoint: Endpoint, spool: Spool, signer: LinkSigner, logger: Logger) {
        listener = HTTPListener(on: endpoint, key: "voicemail.link.listen", logger: logger)
        self.spool = spool
        trace = Trace(spool)
        self.signer = Mutex(signer)
    }

    /// Returns when it listens. Throws when it can't.
    func start() async throws {
        try await listener.start(
            CallbackResponder<LinkRequestContext> { [self] request, context in
                await respond(to: request, from: context.client(request))
            },
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            maximumConnections: 200)
    }

    func stop() async { await listener.stop() }

    /// From now on links count that are made with this one's key.
    func apply(_ signer: LinkSigner) { self.signer.withLock { $0 = signer } }

    private func respond(to request: Request, from client: IPAddress?) async -> Response {
        if let client, !limiter.withLock({ $0.allows(client, at: .now) }) {
            return .refusal(.tooManyRequests, "Too many requests.", [.retryAfter: "1"])
        }
        guard request.method == .get || request.method == .head else {
            return .refusal(.methodNotAllowed, "Only GET and HEAD.", [.allow: "GET, HEAD"])
        }
        let signer = signer.withLock { $0 }
        guard let id = signer.message(of: request.uri.path, at: .now),
            let (reader, name) = await open(id)
        else {
            return .refusal(.notFound, "There is no such recording, or its link has ended.", [:])
        }
        var fields = HTTPFields.ofRecording
        fields[.acceptRanges] = "bytes"
        let range: Range<Int>
        var status = HTTPResponse.Status.ok
        switch ByteRange(request.headers[.range], size: reader.size) {
        case .whole: range = 0..<reader.size
        case .part(let part):
            range = part
            status = .partialContent
            fields[.contentRange] =
                "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(reader.size)"
        case .none:
            return .refusal(
                .rangeNotSatisfiable, "The recording is shorter.",
                [.contentRange: "bytes */\(reader.size)"])
        }
        fields[.contentType] = "audio/wav"
        fields[.contentDisposition] = "inline; filename=\"\(name)\""
        let response = Response(
            status: status, headers: fields, body: LinkServer.body(reader, range))
        if request.method == .head { return response.createHeadResponse() }
        if range.lowerBound == 0 { note(id, client) }
        return response
    }

    /// The recording, once more where it was moved to another state meanwhile; and its file's name.
    private func open(_ id: MessageIdentifier) async -> (WaveReader, String)? {
        let spool = spool
        let found = try? await NIOThreadPool.singleton.runIfActive {
            () -> (WaveReader, String)? in
            for _ in 0..<3 {
                guard let recording = spool.linkedRecording(id) else { return nil }
                guard
                    let reader = try? WaveReader(
                        path: recording.path, speech: recording.envelope.speech)
                else { continue }
                // It may have been revoked or removed while it was opened.
                guard spool.linkedRecording(id) != nil else { return nil }
                return (reader, "voicemail-\(id).wav")
            }
            return nil
        }
        return found ?? nil
    }

    /// Read as fast as the client takes it, never whole in memory.
    private static func body(_ reader: WaveReader, _ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var next = range.lowerBound
            while next < range.upperBound {
                let part = next..<min(next + block, range.upperBound)
                let octets = try await NIOThreadPool.singleton.runIfActive {
                    try reader.read(part)
                }
                // The connection breaks off: a shorter answer would look whole.
                guard octets.count == part.count else { throw HTTPError(.internalServerError) }
                try await writer.write(ByteBuffer(bytes: octets))
                next = part.upperBound
            }
            try await writer.finish(nil)
        }
    }

    private func note(_ id: MessageIdentifier, _ client: IPAddress?) {
        let trace = trace
        NIOThreadPool.singleton.submit { _ in
            trace.add(
                TraceEvent(
                    .fetched, id, text: "by its link", place: client.map { "\($0)" }))
        }
    }
}

/// A request with the address that it came from.
struct LinkRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let peer: IPAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
    }

    /// Who asks: a proxy that is near is believed whom it asks for.
    func client(_ request: Request) -> IPAddress? {
        guard let peer, IPNetwork.privateNetworks.contains(where: { $0.contains(peer) }),
            let name = HTTPField.Name("X-Forwarded-For"),
            let last = request.headers[name]?.split(separator: ",").last
        else { return peer }
        return IPAddress(last.trimmingPrefix(" ")) ?? peer
    }
}

extension HTTPFields {
    /// Of everything that is answered: kept nowhere, shown nowhere else, and run by nothing.
    fileprivate static var ofRecording: HTTPFields {
        var fields: HTTPFields = [
            .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        ]
        for (name, value) in [("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex")] {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }
}

extension Response {
    fileprivate static func refusal(
        _ status: HTTPResponse.Status, _ text: String, _ more: HTTPFields
    ) -> Response {
        var fields = HTTPFields.ofRecording
        fields[.contentType] = "text/plain; charset=utf-8"
        for field in more { fields.append(field) }
        return Response(
            status: status, headers: fields,
            body: .init(byteBuffer: ByteBuffer(string: "\(text)\n")))
    }
}
