import Glibc
import RTP

/// Writes the reports of our streams into one buffer, without allocating.
///
/// A report is SR or RR, then SDES with the CNAME, and BYE at the end of a stream
/// (RFC 3550 §6.1).
struct RTCPComposer {
    /// SR takes 28 octets, SDES at most 8 + 257 and its end, BYE 8.
    private static let capacity = 28 + 272 + 8
    private let buffer: UnsafeMutableRawPointer
    private let description: UnsafeMutableRawPointer
    private let descriptionCount: Int

    init(cname: String) {
        buffer = .allocate(byteCount: RTCPComposer.capacity, alignment: 8)
        description = .allocate(byteCount: RTCPComposer.capacity, alignment: 8)
        let octets = RTCPPacket.serialise([
            .sourceDescription(SourceDescription(ssrc: 0, cname: cname))
        ])
        descriptionCount = octets.count
        octets.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: description, count: $0.count).copyMemory(from: $0)
        }
    }

    func deallocate() {
        buffer.deallocate()
        description.deallocate()
    }

    var base: UnsafeMutableRawPointer { buffer }

    /// - Returns: octets written to ``base``.
    func senderReport(
        ssrc: UInt32, time: NTPTime, timestamp: UInt32, packets: UInt32, octets: UInt32,
        goodbye: Bool
    ) -> Int {
        put(0x80C8_0006, at: 0)
        put(ssrc, at: 4)
        put(UInt32(truncatingIfNeeded: time.value >> 32), at: 8)
        put(UInt32(truncatingIfNeeded: time.value), at: 12)
        put(timestamp, at: 16)
        put(packets, at: 20)
        put(octets, at: 24)
        return finish(28, ssrc, goodbye)
    }

    /// The same from a stream that does not send at the moment.
    func receiverReport(ssrc: UInt32, goodbye: Bool) -> Int {
        put(0x80C9_0001, at: 0)
        put(ssrc, at: 4)
        return finish(8, ssrc, goodbye)
    }

    private func finish(_ start: Int, _ ssrc: UInt32, _ goodbye: Bool) -> Int {
        (buffer + start).copyMemory(from: description, byteCount: descriptionCount)
        put(ssrc, at: start + 4)
        var count = start + descriptionCount
        if goodbye {
            put(0x81CB_0001, at: count)
            put(ssrc, at: count + 4)
            count += 8
        }
        return count
    }

    private func put(_ value: UInt32, at offset: Int) {
        buffer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
}
