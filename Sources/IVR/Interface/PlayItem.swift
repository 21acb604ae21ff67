/// A piece of what a caller hears.
package enum PlayItem: Sendable, Hashable {
    /// A sound file of any kind that libsndfile reads; passed over with a log line when it can't.
    case file(String)
    /// Frequency in Hz, milliseconds, level in dBm0.
    case tone(frequency: Int, milliseconds: Int, level: Int)
    /// Milliseconds.
    case silence(Int)

    /// The tone after which one speaks.
    package static let recordTone = PlayItem.tone(frequency: 440, milliseconds: 500, level: -13)
    /// Near the greatest length (ITU-T Q.35 has no such tone; this is what answering machines do).
    package static let warningTone = PlayItem.tone(frequency: 1400, milliseconds: 200, level: -16)
}
