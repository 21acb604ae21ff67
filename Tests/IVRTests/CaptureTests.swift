import Foundation
import IVR
import Playout
import RTP
import Testing

/// What real phones sent, from the captures that come with sipp (package sip-tester).
@Suite struct CaptureTests {
    static let directory = "/usr/share/sip-tester"

    @Test(arguments: [
        ("0", "0"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5"), ("6", "6"),
        ("7", "7"), ("8", "8"), ("9", "9"), ("star", "*"), ("pound", "#"),
    ])
    func aPressedKey(_ name: String, _ key: String) throws {
        let line = Line(telephoneEvents: [96, 101])
        let capture = try Self.packets("dtmf_2833_\(name).pcap")
        #expect(capture.count > 3)
        for (milliseconds, datagram) in capture { line.receive(datagram, at: milliseconds) }
        line.end()
        #expect(line.keys == key)
    }

    @Test func speechInG711() throws {
        let line = Line([8: .pcma])
        let capture = try Self.packets("g711a.pcap")
        for (milliseconds, datagram) in capture { line.receive(datagram, at: milliseconds) }
        line.end()
        #expect(line.counts.lost == 0)
        #expect(line.sound.count == capture.reduce(0) { $0 + $1.datagram.count - 12 })
        var detector = SpeechDetector(rate: 8000)
        for _ in 0..<4 { detector.listen(line.sound[...]) }
        #expect(detector.verdict(samples: 4 * line.sound.count).kind == .speech)
    }

    /// The UDP payloads of a capture (libpcap's format, little-endian, Ethernet, IPv4), with the
    /// milliseconds since the first.
    private static func packets(
        _ name: String
    ) throws -> [(milliseconds: Double, datagram: [UInt8])] {
        let octets = [UInt8](try Data(contentsOf: URL(filePath: "\(directory)/\(name)")))
        func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(octets[at + $1]) << (8 * $1) } }
        try #require(word(0) == 0xa1b2_c3d4)
        var found: [(milliseconds: Double, datagram: [UInt8])] = []
        var at = 24
        while at + 16 < octets.count {
            let time = Double(word(at)) * 1000 + Double(word(at + 4)) / 1000
            let length = word(at + 8)
            // Ethernet 14, IPv4 20, UDP 8.
            found.append((time, Array(octets[(at + 16 + 42)..<(at + 16 + length)])))
            at += 16 + length
        }
        let first = found.first?.milliseconds ?? 0
        return found.map { ($0.milliseconds - first, $0.datagram) }
    }
}
