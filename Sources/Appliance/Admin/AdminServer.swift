import Foundation
import Hummingbird
internal import Logging
internal import Primitives
internal import Synchronization

/// HTTP for operators and their monitoring: `/metrics`, `/healthz`, `/status.json`.
final class AdminServer: Sendable {
    private let endpoint: Endpoint
    private let state: ApplianceState
    private let logger: Logger
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(on endpoint: Endpoint, state: ApplianceState, logger: Logger) {
        self.endpoint = endpoint
        self.state = state
        self.logger = logger
    }

    /// Returns when it listens. Throws when it can't.
    func start() async throws {
        let (running, signal) = AsyncThrowingStream<Void, any Error>.makeStream()
        let application = Application(
            router: router(),
            configuration: .init(
                address: .hostname("\(endpoint.address)", port: Int(endpoint.port)),
                serverName: "Intermezzo"),
            onServerRunning: { _ in signal.finish() }, logger: quiet)
        task.withLock {
            $0 = Task {
                do {
                    try await application.run()
                } catch {
                    signal.finish(throwing: AdminServerError(endpoint: endpoint, cause: "\(error)"))
                    throw error
                }
            }
        }
        for try await _ in running {}
        logger.info("administration listens", metadata: ["address": "\(endpoint)"])
    }

    func stop() async {
        let running = task.withLock { $0 }
        running?.cancel()
        _ = await running?.result
    }

    /// Neither requests to it nor its cancellation are news.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = .critical
        return logger
    }

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

/// The administration's address can't be listened on.
struct AdminServerError: Error, CustomStringConvertible {
    let endpoint: Endpoint
    let cause: String

    var description: String {
        "admin.listen \(endpoint) can't be used: \(cause); free it or name another"
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
