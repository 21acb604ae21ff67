import MediaEngine
import Primitives
import RTP
import Testing

@Suite struct LatchTests {
    private func header(_ sequence: UInt16, ssrc: UInt32 = 1) -> RTPHeader {
        RTPHeader(
            payloadType: 0, sequenceNumber: SequenceNumber(sequence), timestamp: 0, ssrc: ssrc)
    }

    @Test func twoInSequenceFromOneSourceDecideOnce() throws {
        let phone = try #require(Endpoint("198.51.100.1:4000"))
        let stray = try #require(Endpoint("203.0.113.9:9"))
        var latch = Latch()
        func receive(_ header: RTPHeader, from source: Endpoint) -> Endpoint? {
            latch.receive(header, from: source)
        }
        #expect(receive(header(65_535), from: phone) == nil)
        #expect(receive(header(0), from: stray) == nil)
        #expect(receive(header(2), from: stray) == nil)
        #expect(receive(header(0), from: phone) == nil)
        #expect(receive(header(1, ssrc: 2), from: phone) == nil)
        #expect(receive(header(2, ssrc: 2), from: phone) == phone)
        // Whoever comes later moves nothing.
        for sequence in 0..<10 as Range<UInt16> {
            #expect(receive(header(sequence), from: stray) == nil)
        }
        #expect(latch.peer == phone)
    }
}
