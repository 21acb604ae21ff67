import MediaEngine
import Testing

@Suite struct InternetChecksumTests {
    /// With room behind them for the zeros.
    func sum(_ octets: [UInt8]) -> UInt32 {
        var octets = octets + [UInt8](repeating: 0xaa, count: 8)
        let count = octets.count - 8
        return octets.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { InternetChecksum.sum(zeroPadding: $0, count) } ?? 0
        }
    }

    /// RFC 1071 §1, two octets at a time.
    func plain(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for i in stride(from: 0, to: octets.count, by: 2) {
            sum += UInt32(octets[i]) << 8 | (i + 1 < octets.count ? UInt32(octets[i + 1]) : 0)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }

    @Test func theExampleOfTheRFC() {
        // RFC 1071 §3: the sum of these is ddf2.
        let octets: [UInt8] = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]
        #expect(InternetChecksum.finish(sum(octets)) == ~0xddf2)
    }

    @Test func everyLengthFromNothingOn() {
        var random = SystemRandomNumberGenerator()
        for count in 0..<300 {
            let octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(InternetChecksum.finish(sum(octets)) == plain(octets), "\(octets)")
        }
    }

    @Test func carriesUponCarries() {
        let octets = [UInt8](repeating: 0xff, count: 1499)
        #expect(InternetChecksum.finish(sum(octets)) == plain(octets))
    }
}
