import CSpandsp
import Codec
import Playout
import Primitives
import RTP

/// The packets of one format as one continuous sound.
///
/// What was lost is concealed for a while and silence after that; what was never sent (silence
/// suppression, RFC 3389) is as long as the timestamps say, as far as the time that passed bears
/// them out. A jump of the timestamps that nothing explains counts as the time that passed.
struct SoundTimeline: ~Copyable {
    private var decoder: MediaDecoder
    private let clockRate: Int
    private let concealer: UnsafeMutablePointer<plc_state_t>?
    /// Timestamp that follows the sound that was given out.
    private var expected: UInt32?
    /// When the sound began, and how many samples it has had since.
    private var start = Instant(nanoseconds: 0)
    private var given = 0
    private var noise: ComfortNoise

    /// Samples a second.
    let rate: Int

    /// Opus is taken at 16 kHz: all of speech in a third of the space.
    private static let opusRate = 16000
    /// Samples of guessed sound in a row, in milliseconds; then silence is better.
    private static let longestConcealment = 60
    /// Milliseconds by which the sound may be ahead of the time that passed: what waited in the
    /// network and in the jitter buffer.
    private static let longestLead = 1000
    /// Milliseconds that are no pause, but the spacing of packets and their jitter.
    private static let shortestPause = 200

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

    /// Time starts anew: what passed till the next packet is left out.
    mutating func restart() { expected = nil }

    /// Appends the sound up to the end of a packet whose turn it is.
    /// - Parameter wasLost: packets before this one are missing.
    mutating func take(
        _ packet: BufferedPacket, wasLost: Bool, at now: Instant, into output: inout [Int16]
    ) {
        fill(upTo: packet, wasLost, now, &output)
        let first = output.count
        do throws(CodecError) {
            try decoder.decode(packet.payload.span, into: &output)
        } catch {
            return
        }
        let count = output.count - first
        remember(&output, from: first)
        given += count
        expected = packet.header.timestamp &+ UInt32(truncatingIfNeeded: count * clockRate / rate)
    }

    /// A comfort noise packet (RFC 3389): the noise of what follows.
    mutating func takeNoise(
        _ packet: BufferedPacket, at now: Instant, into output: inout [Int16]
    ) {
        fill(upTo: packet, false, now, &output)
        if let level = packet.payload.first { noise.level = level }
        expected = packet.header.timestamp
    }

    private mutating func fill(
        upTo packet: BufferedPacket, _ wasLost: Bool, _ now: Instant, _ output: inout [Int16]
    ) {
        guard let expected else {
            start = now
            given = 0
            return
        }
        let distance = Int(Int32(bitPattern: packet.header.timestamp &- expected))
        let passed = Int(max(0, (now - start).nanoseconds) / 1_000_000) * rate / 1000
        let lead = SoundTimeline.longestLead * rate / 1000
        var missing = distance * rate / clockRate
        if missing < -lead || missing > lead && given + missing > passed + lead {
            missing = passed - given
            guard missing > SoundTimeline.shortestPause * rate / 1000 else { return }
        }
        // A clock that runs too fast stretches nothing beyond the lead.
        guard given + missing <= passed + lead else { return }
        guard missing > 0 else { return }
        given += missing
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
        // Opus conceals in steps of 2.5 ms; the next packet may hold a copy of what is missing.
        let step = rate / 400
        let whole = count / step * step
        let start = output.count
        if whole > 0 {
            try? decoder.conceal(samples: whole, next: packet.payload.span, into: &output)
        }
        output.append(contentsOf: repeatElement(0, count: max(0, start + count - output.count)))
    }

    private func remember(_ output: inout [Int16], from start: Int) {
        guard let concealer, output.count > start else { return }
        output.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            _ = plc_rx(concealer, base + start, Int32(buffer.count - start))
        }
    }
}
