import CSpandsp
import Codec
import Playout
import RTP

/// The packets of one format as one continuous sound.
///
/// What was lost is concealed for a while and silence after that; what was never sent (silence
/// suppression, RFC 3389) is as long as the timestamps say.
struct SoundTimeline: ~Copyable {
    private var decoder: MediaDecoder
    private let clockRate: Int
    private let concealer: UnsafeMutablePointer<plc_state_t>?
    /// Timestamp that follows the sound that was given out.
    private var expected: UInt32?
    private var noise: ComfortNoise

    /// Samples a second.
    let rate: Int

    /// Opus is taken at 16 kHz: all of speech in a third of the space.
    private static let opusRate = 16000
    /// Samples of guessed sound in a row, in milliseconds; then silence is better.
    private static let longestConcealment = 60

    init(_ format: MediaFormat) throws(CodecError) {
        decoder = try MediaDecoder(
            format == .opusStereo ? .opusMono : format, opusRate: SoundTimeline.opusRate)
        clockRate = format.clockRate
        rate = decoder.sampleRate
        noise = ComfortNoise()
        switch format {
        case .opusMono, .opusStereo: concealer = nil
        default: concealer = plc_init(nil)
        }
    }

    deinit { if let concealer { plc_free(concealer) } }

    /// The rate of what ``init(_:)`` of this format gives.
    static func rate(of format: MediaFormat) -> Int {
        switch format {
        case .opusMono, .opusStereo: opusRate
        default: format.sampleRate
        }
    }

    /// Time starts anew: another source, or a jump.
    mutating func restart() { expected = nil }

    /// Appends the sound up to the end of a packet.
    /// - Parameters:
    ///   - wasLost: packets before this one are missing.
    ///   - longestGap: milliseconds that can have passed; a longer gap is a jump.
    mutating func take(
        _ packet: BufferedPacket, wasLost: Bool, longestGap: Int, into output: inout [Int16]
    ) {
        fill(upTo: packet, wasLost, longestGap, &output)
        let start = output.count
        do throws(CodecError) {
            try decoder.decode(packet.payload.span, into: &output)
        } catch {
            return
        }
        let count = output.count - start
        listen(&output, from: start)
        expected = packet.header.timestamp &+ ticks(count)
    }

    /// A comfort noise packet (RFC 3389): the noise of what follows.
    mutating func takeNoise(_ packet: BufferedPacket, longestGap: Int, into output: inout [Int16]) {
        fill(upTo: packet, false, longestGap, &output)
        if let level = packet.payload.first { noise.level = level }
        expected = packet.header.timestamp
    }

    private mutating func fill(
        upTo packet: BufferedPacket, _ wasLost: Bool, _ longestGap: Int, _ output: inout [Int16]
    ) {
        guard let expected else { return }
        let distance = Int64(Int32(bitPattern: packet.header.timestamp &- expected))
        guard distance > 0 else { return }
        var missing = Int(distance) * rate / clockRate
        guard missing <= longestGap * rate / 1000 else { return }
        if wasLost {
            let guessed = min(missing, SoundTimeline.longestConcealment * rate / 1000)
            conceal(guessed, before: packet, &output)
            missing -= guessed
        }
        noise.append(missing, to: &output)
    }

    private mutating func conceal(
        _ count: Int, before packet: BufferedPacket, _ output: inout [Int16]
    ) {
        if let concealer {
            let start = output.count
            output.append(contentsOf: repeatElement(0, count: count))
            output.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                _ = plc_fillin(concealer, base + start, Int32(count))
            }
            return
        }
        // Opus conceals in steps of 2.5 ms.
        let step = rate / 400
        let whole = count / step * step
        let start = output.count
        if whole > 0 { try? decoder.conceal(samples: whole, into: &output) }
        output.append(contentsOf: repeatElement(0, count: max(0, start + count - output.count)))
    }

    private func listen(_ output: inout [Int16], from start: Int) {
        guard let concealer, output.count > start else { return }
        output.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            _ = plc_rx(concealer, base + start, Int32(buffer.count - start))
        }
    }

    private func ticks(_ samples: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: samples * clockRate / rate)
    }
}
