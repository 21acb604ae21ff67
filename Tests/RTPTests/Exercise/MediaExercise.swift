import Primitives
import RTP

/// What must hold for any datagrams that come to a port for media.
///
/// Also what the fuzz targets call (Tests/Fuzz/Targets), hence no test library here.
package enum MediaExercise {
    /// A promise that doesn't hold.
    package struct Broken: Error, CustomStringConvertible {
        package var description: String
        init(_ description: String) { self.description = description }
    }

    /// One datagram that may be RTCP: read, written, read again.
    package static func runControl(_ octets: [UInt8]) throws {
        _ = DatagramKind(octets.span)
        let strict = try? RTCPPacket.parse(octets, reducedSize: false)
        guard let packets = try? RTCPPacket.parse(octets) else {
            guard strict == nil else { throw Broken("strict reading takes more") }
            return
        }
        guard packets.count <= octets.count / 4 else { throw Broken("more packets than fit") }
        let first = RTCPPacket.serialise(packets)
        guard first.count % 4 == 0, let again = try? RTCPPacket.parse(first) else {
            throw Broken("what was written can't be read")
        }
        guard RTCPPacket.serialise(again) == first else {
            throw Broken("written twice, it differs")
        }
        for case .receiverReport(let report) in packets {
            for block in report.reports {
                _ = block.roundTrip(at: NTPTime(value: UInt64(block.jitter) << 24))
            }
        }
    }

    /// A run of datagrams, each after an octet for the time that passes before it (5 ms each) and
    /// one for its length.
    package static func runStream(_ octets: [UInt8]) throws {
        guard let first = octets.first else { return }
        let clockRate = [8000, 16000, 48000, 90000][Int(first & 3)]
        let capacity = first & 4 == 0 ? 16 : 1
        var buffer = JitterBuffer(clockRate: clockRate, capacity: capacity)
        var decoder = TelephoneEventDecoder()
        var statistics: ReceptionStatistics?
        var now = Instant(nanoseconds: first & 8 == 0 ? 0 : 1 << 61)
        var accepted = 0
        var handedOut = 0
        var held = 0
        var rest = octets.dropFirst()
        while rest.count >= 2, let gap = rest.popFirst(), let length = rest.popFirst() {
            now = now + .milliseconds(5 * Int(gap))
            let datagram = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            try runControl(datagram)
            guard let packet = try? BufferedPacket(parsing: datagram) else { continue }
            guard packet.payload.count <= datagram.count - RTPHeader.fixedLength else {
                throw Broken("a payload beyond its datagram")
            }
            let header = packet.header
            _ = decoder.receive(payload: packet.payload, timestamp: header.timestamp)
            var reception =
                statistics
                ?? ReceptionStatistics(first: header.sequenceNumber, clockRate: clockRate)
            _ = reception.receive(header.sequenceNumber, timestamp: header.timestamp, at: now)
            if gap & 1 != 0 {
                _ = reception.report(
                    ssrc: 1, lastSenderReport: NTPTime(value: UInt64(header.timestamp) << 20),
                    sinceLastSenderReport: .milliseconds(Int(gap)))
            }
            statistics = reception
            switch buffer.insert(packet, at: now) {
            case .accepted:
                accepted += 1
                held += 1
            case .restarted:
                accepted += 1
                held = 1
            case .duplicate, .late, .outOfRange: break
            }
            handedOut += try drain(&buffer, at: now, &held)
            guard held <= capacity else { throw Broken("\(held) packets wait") }
        }
        // Nothing waits for longer than the delay and what a timestamp may be off.
        let end = now + buffer.delay + JitterBuffer.maximumSkew
        handedOut += try drain(&buffer, at: end, &held)
        guard held == 0, buffer.deadline == nil else { throw Broken("\(held) packets stay") }
        guard handedOut <= accepted else { throw Broken("more came out than went in") }
    }

    private static func drain(
        _ buffer: inout JitterBuffer, at now: Instant, _ held: inout Int
    ) throws -> Int {
        var count = 0
        while let output = buffer.output(at: now) {
            switch output {
            case .packet:
                count += 1
                held -= 1
            case .lost(let missing):
                guard (1...70_000).contains(missing) else { throw Broken("\(missing) lost") }
            }
        }
        return count
    }
}
