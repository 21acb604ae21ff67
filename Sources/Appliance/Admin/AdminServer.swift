import Foundation
import Hummingbird
internal import Logging
internal import Primitives

/// HTTP for operators and their monitoring: `/metrics`, `/healthz`, `/status.json`.
final class AdminServer: Sendable {
    private let listener: HTTPListener
    private let state: ApplianceState

    init(on endpoint: Endpoint, state: ApplianceState, logger: Logger) {
        listener = HTTPListener(on: endpoint, key: "admin.listen", logger: logger)
        self.state = state
    }

    /// Returns when it listens. Throws when it can't.
    func start() async throws { try await listener.start(router().buildResponder()) }

    func stop() async { await listener.stop() }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        let state = state
        router.get("/metrics") { _, _ in
            Response.text(
                Metrics.text(try await state.snapshot()), type: "text/plain; version=0.0.4")
        }
        router.get("/healthz") { _, _ in
            let health = try await state.snapshot().health
            return try Response.json(health, status: health.isHealthy ? .ok : .serviceUnavailable)
        }
        router.get("/status.json") { _, _ in
            try Response.json(Status(try await state.snapshot(), state.configuration))
        }
        return router
    }
}

extension Response {
    fileprivate static func text(
        _ text: String, type: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    fileprivate static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        return .text(text, type: "application/json", status: status)
    }
}
