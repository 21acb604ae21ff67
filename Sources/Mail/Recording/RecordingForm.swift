package import Spool

/// A form in which a recording can be attached.
package struct RecordingForm: Hashable, Sendable, CustomStringConvertible {
    package let format: AttachmentFormat
    /// Bits a second, of MP3 and Opus; nil: what suits the recording's sample rate.
    package let bitRate: Int?

    package init(_ format: AttachmentFormat, bitRate: Int? = nil) {
        self.format = format
        self.bitRate = bitRate
    }

    /// What to try one after the other until the mail fits: first what the addressee likes, then
    /// ever smaller ones. MP3 goes before Opus: every mail program plays it.
    package static func ladder(from format: AttachmentFormat) -> [RecordingForm] {
        let small: [RecordingForm] =
            switch format {
            case .opus: []
            default: [RecordingForm(.mp3, bitRate: 32_000), RecordingForm(.mp3, bitRate: 16_000)]
            }
        return [RecordingForm(format)] + small
            + [RecordingForm(.opus, bitRate: 12_000), RecordingForm(.opus, bitRate: 6_000)]
    }

    /// The next smaller form whose recording of `seconds` has at most `octets`, by its bit rate;
    /// nil when there is none, and a link has to do.
    package func smaller(than octets: Int, seconds: Double) -> RecordingForm? {
        let ladder = RecordingForm.ladder(from: format)
        let next = ladder.firstIndex(of: self).map { ladder[($0 + 1)...] } ?? []
        return next.first { form in
            form.bitRate.map { Double($0) / 8 * seconds <= Double(octets) } ?? true
        }
    }

    /// Media type (RFC 2361, 3003, 7845, 9639).
    var mediaType: (type: String, parameters: [(name: String, value: String)]) {
        switch format {
        case .wav, .g711: ("audio/wav", [])
        case .flac: ("audio/flac", [])
        case .mp3: ("audio/mpeg", [])
        case .opus: ("audio/ogg", [("codecs", "opus")])
        }
    }

    var fileExtension: String {
        switch format {
        case .wav, .g711: "wav"
        case .flac: "flac"
        case .mp3: "mp3"
        case .opus: "opus"
        }
    }

    package var description: String {
        bitRate.map { "\(format.rawValue) at \($0 / 1000) kbit/s" } ?? format.rawValue
    }
}
