import Dispatch
import Logging

/// Reads and decodes what is to be played, away from the media threads, one request after the
/// other.
final class PromptLoader: @unchecked Sendable {  // the cache belongs to the queue
    private let queue = DispatchQueue(label: "ivr-prompts")
    private var cache: PromptCache

    init(limit: Int, logger: Logger) {
        cache = PromptCache(limit: limit, logger: logger)
    }

    /// `body` gets the samples of each item, on the loader's thread.
    func load(_ items: [PlayItem], rate: Int, _ body: @escaping @Sendable ([[Int16]]) -> Void) {
        queue.async {
            body(items.map { self.cache.samples(of: $0, rate: rate) })
        }
    }

    /// Returns when what was asked for is done.
    func stop() { queue.sync {} }
}
