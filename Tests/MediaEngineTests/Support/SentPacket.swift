import Primitives
import RTP

/// One datagram as it was handed to the network.
struct SentPacket {
    /// Millisecond of the virtual clock.
    var tick: Int64
    var socket: Int32
    var destination: Endpoint?
    var octets: [UInt8]

    var isRTCP: Bool { octets.count > 1 && (192...223).contains(octets[1]) }
    /// Of RTP.
    var marker: Bool { octets[1] & 0x80 != 0 }
    var payloadType: UInt8 { octets[1] & 0x7f }
    var sequence: UInt16 { UInt16(octets[2]) << 8 | UInt16(octets[3]) }
    var timestamp: UInt32 { word(4) }
    var ssrc: UInt32 { word(8) }
    var payload: ArraySlice<UInt8> { octets[12...] }

    var reports: [RTCPPacket] { (try? RTCPPacket.parse(octets.span)) ?? [] }

    private func word(_ at: Int) -> UInt32 {
        octets[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
