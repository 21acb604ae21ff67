import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import Primitives
internal import Synchronization

/// An HTTP server on one address, while it runs.
final class HTTPListener: Sendable {
    private let endpoint: Endpoint
    /// The key of the configuration that names the address.
    private let key: String
    private let logger: Logger
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(on endpoint: Endpoint, key: String, logger: Logger) {
        self.endpoint = endpoint
        self.key = key
        self.logger = logger
    }

    /// Returns when it listens. Throws when it can't.
    func start<Responder: HTTPResponder>(
        _ responder: Responder, server: HTTPServerBuilder = .http1(), maximumConnections: Int = 1000
    ) async throws
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let (running, signal) = AsyncThrowingStream<Void, any Error>.makeStream()
        let application = Application(
            responder: responder, server: server,
            configuration: .init(
                address: .hostname("\(endpoint.address)", port: Int(endpoint.port)),
                serverName: "Intermezzo",
                availableConnectionsDelegate: MaximumAvailableConnections(maximumConnections)),
            onServerRunning: { _ in signal.finish() }, logger: quiet)
        let (endpoint, key) = (endpoint, key)
        task.withLock {
            $0 = Task {
                do {
                    try await application.run()
                } catch {
                    signal.finish(
                        throwing: HTTPListenerError(
                            endpoint: endpoint, key: key, cause: "\(error)"))
                    throw error
                }
            }
        }
        for try await _ in running {}
        logger.info("\(key) listens", metadata: ["address": "\(endpoint)"])
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
}

/// An address can't be listened on.
struct HTTPListenerError: Error, CustomStringConvertible {
    let endpoint: Endpoint
    let key: String
    let cause: String

    var description: String {
        "\(key) \(endpoint) can't be used: \(cause); free it or name another"
    }
}
