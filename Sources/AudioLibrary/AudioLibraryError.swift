/// Why the library can't work at all. A fault of one file is never one of these.
package enum AudioLibraryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The cache directory can't be made or written to.
    case cacheUnusable(path: String, reason: String)
    /// A thread couldn't be started.
    case noThread(errno: Int32)

    package var description: String {
        switch self {
        case .cacheUnusable(let path, let reason): "media.cache \(path) can't be used: \(reason)"
        case .noThread(let errno): "no thread for the audio library: error \(errno)"
        }
    }
}
