/// What a receiver of Opus declared in its `a=fmtp` (RFC 7587 §6.1).
package struct OpusParameters: Hashable, Sendable {
    /// It would rather have two channels; mono is always decodable and the default.
    package var stereo = false
    /// It is likely to send two channels.
    package var sendsStereo = false
    /// The highest sampling rate it plays, in Hz.
    package var maximumPlaybackRate = 48000
    /// The highest average bit rate that it takes, in bit/s; nil when it set none.
    package var maximumAverageBitRate: Int?
    package var useInBandFEC = false
    package var constantBitRate = false
    package var useDTX = false

    package init() {}

    package init(_ parameters: FormatParameters?) {
        guard let parameters else { return }
        func flag(_ name: String) -> Bool { parameters[name] == "1" }
        stereo = flag("stereo")
        sendsStereo = flag("sprop-stereo")
        useInBandFEC = flag("useinbandfec")
        constantBitRate = flag("cbr")
        useDTX = flag("usedtx")
        if let rate = parameters["maxplaybackrate"]?.number(as: Int32.self), rate >= 8000 {
            maximumPlaybackRate = min(Int(rate), 48000)
        }
        // Below 6000 the value has no meaning (§6.1) and is passed over.
        if let rate = parameters["maxaveragebitrate"]?.number(as: Int32.self), rate >= 6000 {
            maximumAverageBitRate = Int(rate)
        }
    }
}
