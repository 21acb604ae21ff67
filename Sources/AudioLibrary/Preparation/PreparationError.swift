/// Why a file can't be made into a track, in words for the one who put it there.
enum PreparationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No audio format that is known; the text is the library's.
    case unreadable(String)
    case empty
    case silent
    case tooShort(seconds: Double)
    /// The header promises more than there is.
    case cutShort(promised: Double, found: Double)
    case tooManyChannels(Int)
    case sampleRate(Int)
    /// The file changed while it was read: no fault, its turn comes again.
    case changed
    /// The library is stopping, or nobody wants the file any more.
    case cancelled
    /// Nothing is wrong with the file: the disk is full or the like.
    case system(call: String, errno: Int32, text: String)
    case library(String)

    var description: String {
        switch self {
        case .unreadable(let text):
            "not an audio file that can be read: \(text) Convert it: ffmpeg -i FILE FILE.flac"
        case .empty: "holds no audio"
        case .silent: "holds nothing but silence"
        case .tooShort(let seconds): "is only \(rounded(seconds)) s long; 0.1 s is the least"
        case .cutShort(let promised, let found):
            "is cut short: its header promises \(rounded(promised)) s, it holds \(rounded(found)) s"
        case .tooManyChannels(let count): "has \(count) channels; 64 are the most"
        case .sampleRate(let rate): "has \(rate) samples per second; 1000 to 768000 will do"
        case .changed: "changed while it was read"
        case .cancelled: "was given up"
        case .system(let call, _, let text): "\(call): \(text)"
        case .library(let text): text
        }
    }

    /// Whether another try may go better though the file stays the same.
    var isPassing: Bool {
        switch self {
        case .changed, .cancelled, .system: true
        default: false
        }
    }
}

/// `seconds` with two digits after the point, without Foundation.
func rounded(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e9 else { return "\(seconds)" }
    let hundredths = Int((seconds * 100).rounded())
    let fraction = abs(hundredths % 100)
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}
