import Codec
import Playout

/// What the test phone says: a file once, then silence, as a microphone in a quiet room gives.
final class PhoneSource {
    let format: MediaFormat
    private let packetTime: Int
    private var encoder: MediaEncoder
    private let samples: [Int16]
    private var position: Int

    /// - Parameters:
    ///   - before: the source before a change of codec, whose place in the file goes on.
    ///   - samples: of the file, at the format's rate.
    init(
        _ format: MediaFormat, packetTime: Int, resuming before: PhoneSource?, samples: [Int16]
    ) throws(CodecError) {
        self.format = format
        self.packetTime = packetTime
        self.samples = samples
        encoder = try MediaEncoder(format)
        position = before.map { $0.position * format.sampleRate / $0.format.sampleRate } ?? 0
    }

    /// Everything there is to say has been said.
    var isDone: Bool { position >= samples.count }

    /// - Parameter speaks: false while the file has to wait.
    func nextPayload(speaks: Bool) throws(CodecError) -> [UInt8] {
        let count = format.sampleRate * packetTime / 1_000
        var piece = speaks ? Array(samples.dropFirst(position).prefix(count)) : []
        position += piece.count
        piece += repeatElement(0, count: count - piece.count)
        var payload = format.payloadPrefix(packetTime: packetTime)
        try encoder.encode(piece.span, into: &payload)
        return payload
    }
}
