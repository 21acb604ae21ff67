import Codec
import Glibc
import IVR
import Playout
import Primitives
import RTP

/// What one caller's packets come to, in virtual time: an hour takes as long as its decoding.
final class Line {
    private var reception = Reception()
    private var time = 0.0
    var parameters: MediaSessionParameters
    private(set) var sound: [Int16] = []
    private(set) var rates: Set<Int> = []
    private(set) var keys = ""
    private(set) var refused = 0

    init(_ receivable: [UInt8: MediaFormat] = [0: .pcmu], telephoneEvents: Set<UInt8> = [101]) {
        let first = receivable.min { $0.key < $1.key }
        parameters = MediaSessionParameters(
            format: first?.value ?? .pcmu, payloadType: first?.key ?? 0, receivable: receivable,
            telephoneEvents: telephoneEvents)
    }

    var counts: JitterBuffer.Counts { reception.counts }

    /// A datagram arrives, `milliseconds` after the call began.
    func receive(_ datagram: [UInt8], at milliseconds: Double) {
        pass(to: milliseconds)
        do {
            let packet = try BufferedPacket(parsing: datagram)
            if let key = reception.receive(packet, parameters, at: instant(milliseconds)) {
                keys.append(key)
            }
        } catch {
            refused += 1
        }
    }

    /// The peer ends its hold.
    func resume() { reception.resume() }

    /// The call ends; what waits is heard.
    func end() {
        take(reception.sound(at: instant(time), parameters, everything: true))
    }

    private func pass(to milliseconds: Double) {
        while time + 5 <= milliseconds {
            time += 5
            take(reception.sound(at: instant(time), parameters))
        }
    }

    private func take(_ heard: Reception.Heard) {
        for piece in heard.pieces where !piece.samples.isEmpty {
            sound += piece.samples
            rates.insert(piece.rate)
        }
        for key in heard.keys { keys.append(key) }
    }

    private func instant(_ milliseconds: Double) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000 + Int64(milliseconds * 1e6))
    }
}

/// An RTP packet as octets.
func packet(
    _ number: Int, _ timestamp: Int, _ payload: [UInt8], payloadType: UInt8 = 0,
    marker: Bool = false, ssrc: UInt32 = 7
) -> [UInt8] {
    var datagram: [UInt8] = []
    RTPHeader(
        marker: marker, payloadType: payloadType,
        sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: number)),
        timestamp: UInt32(truncatingIfNeeded: timestamp), ssrc: ssrc, payloadCount: payload.count
    ).serialise(into: &datagram)
    return datagram + payload
}

/// 20 ms of 400 Hz in PCMU, the `n`-th of an endless tone.
func tone(_ n: Int) -> [UInt8] {
    (0..<160).map { i -> UInt8 in
        let phase = 2 * Double.pi * 400 * Double((160 * n + i) % 8000) / 8000
        return G711.muLaw(Int16(8000 * sin(phase)))
    }
}

/// Samples at which `sound` is no tone of 400 Hz at 8 kHz: it repeats itself after 20 samples and
/// is its own opposite after 10.
func impurities(_ sound: [Int16]) -> Int {
    guard sound.count > 20 else { return sound.count }
    var count = 0
    for i in 0..<(sound.count - 20) {
        let (now, half, whole) = (Int(sound[i]), Int(sound[i + 10]), Int(sound[i + 20]))
        if abs(now - whole) > 400 || abs(now + half) > 400 { count += 1 }
    }
    return count
}
