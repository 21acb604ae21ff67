import MediaEngine
import Playout
import Testing

/// Every format in every packet time.
struct FormatAndPacketTime: CustomTestStringConvertible, Sendable {
    let format: MediaFormat
    let packetTime: Int

    static let all = MediaFormat.allCases.flatMap { format in
        PacketTime.all.map { FormatAndPacketTime(format: format, packetTime: $0) }
    }

    var testDescription: String { "\(format) \(packetTime) ms" }
}
