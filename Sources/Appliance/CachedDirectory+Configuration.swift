internal import Directory
internal import Foundation
internal import Logging
internal import Primitives
internal import UserAgent

extension CachedDirectory {
    /// The directory that the configuration names, opened; its folder is made where there is none.
    convenience init(
        _ configuration: Configuration.Directory, logger: Logger
    ) throws(DirectoryError) {
        let path = configuration.sqlite
        // What is wrong with the folder shows when the file is opened.
        try? FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(),
            withIntermediateDirectories: true)
        var limits = UserCache.Limits()
        limits.size = configuration.cacheSize
        limits.time = configuration.cacheTime
        self.init(
            try SQLiteDirectory(path: path), name: path, limit: configuration.timeout,
            cache: limits, logger: logger, clock: { Instant.now })
    }
}
