import Codec
import Playout
import Primitives
import RTP

/// What one caller hears, as RTP packets: phrases, and silence between them.
struct OutgoingVoice: ~Copyable {
    var queue = PlayQueue()
    private let ssrc: UInt32
    private var number: SequenceNumber
    private var timestamp: UInt32
    private var encoder: MediaEncoder?
    private(set) var format: MediaFormat?
    private var payloadType: UInt8 = 0
    private var packetTime = 20
    private var isFirst = true
    /// A payload of silence that stands for all others.
    private var silence: [UInt8] = []
    private(set) var packets: UInt32 = 0
    private(set) var octets: UInt32 = 0

    var source: UInt32 { ssrc }
    var nextTimestamp: UInt32 { timestamp }

    init(ssrc: UInt32, number: UInt16, timestamp: UInt32) {
        self.ssrc = ssrc
        self.number = SequenceNumber(number)
        self.timestamp = timestamp
    }

    mutating func configure(
        _ format: MediaFormat, payloadType: UInt8, packetTime: Int
    ) throws(CodecError) {
        self.payloadType = payloadType
        guard self.format != format || packetTime != self.packetTime else { return }
        self.packetTime = packetTime
        silence = []
        encoder = try MediaEncoder(format, complexity: 2)
        self.format = format
        // What an encoder makes of silence once it has settled.
        for _ in 0..<3 { silence = try encode(zeros) }
    }

    private var samplesPerPacket: Int { (format?.sampleRate ?? 8000) * packetTime / 1000 }

    private var zeros: [Int16] {
        [Int16](repeating: 0, count: samplesPerPacket * (format?.channels ?? 1))
    }

    /// The next packet; nil before ``configure(_:payloadType:packetTime:)``.
    mutating func packet() -> [UInt8]? {
        guard let format else { return nil }
        let payload: [UInt8]
        if queue.isEmpty {
            payload = silence
        } else {
            var samples = queue.next(samplesPerPacket, rate: format.sampleRate)
            if format.channels == 2 { samples = samples.flatMap { [$0, $0] } }
            guard let encoded = try? encode(samples) else { return nil }
            payload = encoded
        }
        let header = RTPHeader(
            marker: isFirst, payloadType: payloadType, sequenceNumber: number,
            timestamp: timestamp, ssrc: ssrc, payloadCount: payload.count)
        var packet: [UInt8] = []
        packet.reserveCapacity(RTPHeader.fixedLength + payload.count)
        header.serialise(into: &packet)
        packet.append(contentsOf: payload)
        isFirst = false
        number = number.advanced(by: 1)
        timestamp &+= UInt32(format.clockRate * packetTime / 1000)
        packets &+= 1
        octets &+= UInt32(payload.count)
        return packet
    }

    /// Time passes without a packet: nobody is sent to.
    mutating func skip() {
        guard let format else { return }
        _ = queue.isEmpty ? [] : queue.next(samplesPerPacket, rate: format.sampleRate)
        timestamp &+= UInt32(format.clockRate * packetTime / 1000)
        isFirst = true
    }

    private mutating func encode(_ samples: [Int16]) throws(CodecError) -> [UInt8] {
        guard let format else { return [] }
        var payload = format.payloadPrefix(packetTime: packetTime)
        try encoder?.encode(samples.span, into: &payload)
        return payload
    }
}
