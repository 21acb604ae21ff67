/// Why audio couldn't be encoded or decoded.
package enum CodecError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The codec library refused: what was asked of it, its code and its own words.
    case library(call: String, code: Int32, text: String)
    /// The samples given aren't whole blocks of ``MediaEncoder/samplesPerBlock``.
    case partialBlock(samples: Int)
    /// The payload can't be one of this format.
    case malformedPayload(octets: Int)
    /// An Opus frame came out in another size or mode than ``Playout/MediaFormat`` is built on.
    case unexpectedFrame(octets: Int, toc: UInt8)

    package var description: String {
        switch self {
        case .library(let call, let code, let text): "\(call): \(text) (\(code))"
        case .partialBlock(let samples): "\(samples) samples are no whole blocks"
        case .malformedPayload(let octets): "malformed payload of \(octets) octets"
        case .unexpectedFrame(let octets, let toc):
            "Opus made a frame of \(octets) octets with TOC \(toc)"
        }
    }
}
