import Playout

/// What preparation makes of a file; files of the same content with the same settings sound alike.
struct PreparationSettings: Hashable, Sendable {
    /// In LUFS, the class's volume included.
    var loudness: Double
    /// In dBTP.
    var truePeakLimit: Double
    var formats: [MediaFormat]

    /// Changes with every change of this code that changes how a track sounds or is laid out.
    static let version = 2

    /// All but the formats, as a part of a file's name.
    var text: String { "v\(PreparationSettings.version) \(loudness) LUFS \(truePeakLimit) dBTP" }
}
