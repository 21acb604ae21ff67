internal import Directory
internal import Logging
internal import Primitives
internal import UserAgent

extension CachedDirectory {
    /// The directory that the configuration names, opened.
    convenience init(
        _ configuration: Configuration.Directory, logger: Logger
    ) throws(DirectoryError) {
        let path = configuration.sqlite
        var limits = UserCache.Limits()
        limits.size = configuration.cacheSize
        limits.time = configuration.cacheTime
        self.init(
            try SQLiteDirectory(path: path), name: path, limit: configuration.timeout,
            cache: limits, logger: logger, clock: { Instant.now })
    }
}
