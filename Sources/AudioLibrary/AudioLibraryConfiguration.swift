package import Playout
package import Primitives

/// What an audio library watches, and what it makes of the files there.
package struct AudioLibraryConfiguration: Sendable, Equatable {
    /// The directory with a folder per class, `media.directory`.
    package var mediaDirectory: String
    /// Where prepared tracks are kept over restarts, `media.cache`; made when missing.
    package var cacheDirectory: String
    /// The formats that every track is made ready in.
    package var formats: [MediaFormat]
    /// Loudness of every track, in LUFS as EBU R 128 measures it (-70 to -5), `media.loudness`.
    package var loudness: Double
    /// What no true peak of a track goes over, in dBTP (-20 to 0).
    package var truePeakLimit: Double
    /// The configured classes by name. A folder needs no configuration to be a class.
    package var classes: [String: ClassConfiguration]
    /// The class whose music others fall back to, `music.default-class`.
    package var defaultClass: String
    /// Threads that prepare tracks; nil for one per core.
    package var workers: Int?
    /// How often everything is looked at again where the kernel tells of no changes (NFS and
    /// other network file systems, or no inotify to be had).
    package var pollInterval: Interval
    /// Polls even where inotify works.
    package var alwaysPolls: Bool
    /// How many days a prepared track is kept in the cache after it was last used.
    package var cacheRetentionDays: Int
    /// Shows preparation as a progress bar on standard error when that is a terminal.
    package var showsProgress: Bool

    package init(
        mediaDirectory: String, cacheDirectory: String,
        formats: [MediaFormat] = AudioLibraryConfiguration.defaultFormats,
        loudness: Double = -23, truePeakLimit: Double = -1,
        classes: [String: ClassConfiguration] = [:], defaultClass: String = "default",
        workers: Int? = nil, pollInterval: Interval = .seconds(1), alwaysPolls: Bool = false,
        cacheRetentionDays: Int = 30, showsProgress: Bool = false
    ) {
        self.mediaDirectory = mediaDirectory
        self.cacheDirectory = cacheDirectory
        self.formats = formats
        self.loudness = loudness
        self.truePeakLimit = truePeakLimit
        self.classes = classes
        self.defaultClass = defaultClass
        self.workers = workers
        self.pollInterval = pollInterval
        self.alwaysPolls = alwaysPolls
        self.cacheRetentionDays = cacheRetentionDays
        self.showsProgress = showsProgress
    }

    package static let defaultFormats: [MediaFormat] = [
        .opusMono, .opusStereo, .g722, .pcmu, .pcma, .l16At8000, .l16At16000,
    ]
}
