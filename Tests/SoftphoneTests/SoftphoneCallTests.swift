import Foundation
import Logging
import NIOPosix
import Playout
import Primitives
import SIP
import Softphone
import Testing

struct SoftphoneCallTests {
    private func makeCall(
        to port: UInt16, _ change: (inout CallOptions) -> Void = { _ in }
    ) throws -> SoftphoneCall {
        var options = CallOptions(uri: try #require(URI("sip:music@127.0.0.1:\(port)")))
        options.duration = .seconds(4)
        options.answerLimit = .seconds(10)
        change(&options)
        return SoftphoneCall(
            options, on: MultiThreadedEventLoopGroup.singleton.next(),
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func temporaryFile() -> String {
        FileManager.default.temporaryDirectory
            .appending(path: "softphone-\(UUID().uuidString).wav").path()
    }

    /// 400 Hz at -12 dBFS for ten seconds.
    private func makeTone() throws -> String {
        let path = temporaryFile()
        var writer = try WAVWriter(path: path, sampleRate: 48_000)
        try writer.append(
            (0..<480_000).map { Int16(8_192 * sin(Double($0) * 2 * .pi * 400 / 48_000)) })
        try writer.flush()
        return path
    }

    /// The frequency at which the middle of a recording crosses zero.
    private func frequency(of path: String) throws -> Double {
        let samples = try SoundFile(path: path, sampleRate: 48_000).samples
        try #require(samples.count > 30_000)
        let middle = samples[samples.count / 2 - 12_000..<samples.count / 2 + 12_000]
        let crossings = zip(middle, middle.dropFirst()).filter { $0 < 0 && $1 >= 0 }
        return Double(crossings.count) * 2
    }

    struct CodecCase: CustomTestStringConvertible {
        var codec: PhoneCodec
        var media: String
        var attributes: String
        var testDescription: String { "\(codec.rawValue) \(attributes)" }
    }

    /// What we play comes back by the peer's echo, and is what is recorded.
    @Test(arguments: [
        CodecCase(codec: .pcmu, media: "RTP/AVP 0", attributes: "a=ptime:20"),
        CodecCase(codec: .pcma, media: "RTP/AVP 8", attributes: "a=ptime:30"),
        CodecCase(codec: .g722, media: "RTP/AVP 9", attributes: "a=rtpmap:9 G722/8000\na=ptime:10"),
        CodecCase(
            codec: .opus, media: "RTP/AVP 107",
            attributes: "a=rtpmap:107 opus/48000/2\na=ptime:40"),
    ])
    func hearsWhatItPlays(_ c: CodecCase) async throws {
        let peer = try SIPp(
            SIPp.ringAndWait + SIPp.answer(c.media, attributes: c.attributes) + SIPp.hangUp)
        let tone = try makeTone()
        let recording = temporaryFile()
        defer {
            try? FileManager.default.removeItem(atPath: tone)
            try? FileManager.default.removeItem(atPath: recording)
        }
        let call = try makeCall(to: peer.port) {
            $0.codecs = [c.codec]
            $0.playPath = tone
            $0.playAfter = .zero
            $0.recordingPath = recording
        }
        let report = try await call.run()
        #expect(report.failure == nil)
        #expect(report.status == 200)
        #expect(report.heardSound)
        #expect(report.codec == c.codec.format.encodingName)
        #expect(report.lost == 0)
        #expect(abs(report.level + 15) < 1.5, "\(report.level)")
        #expect(report.packets > 20)
        #expect(abs(try frequency(of: recording) - 400) <= 4)
        let end = await peer.finish()
        #expect(end.status == 0, "\(end.output.suffix(1_500))")
    }

    @Test func silenceIsNotSound() async throws {
        let peer = try SIPp(SIPp.ringAndWait + SIPp.answer() + SIPp.hangUp)
        let report = try await makeCall(to: peer.port).run()
        #expect(report.failure == nil)
        #expect(report.packets > 20)
        #expect(!report.heardSound)
        let end = await peer.finish()
        #expect(end.status == 0, "\(end.output.suffix(1_500)) \(report)")
    }

    @Test func aRefusalIsNamed() async throws {
        let peer = try SIPp(SIPp.refuse("486 Busy Here"))
        let report = try await makeCall(to: peer.port).run()
        #expect(report.failure == "486 Busy Here")
        #expect(report.status == 486)
        #expect(await peer.finish().status == 0)
    }

    @Test func aRedirectIsFollowedOnce() async throws {
        let second = try SIPp(SIPp.refuse("302 Moved Temporarily", "Contact: <sip:x@127.0.0.1:9>"))
        let first = try SIPp(
            SIPp.refuse(
                "302 Moved Temporarily", "Contact: <sip:music@127.0.0.1:\(second.port)>"))
        let report = try await makeCall(to: first.port).run()
        #expect(report.failure == "302 Moved Temporarily")
        #expect(await first.finish().status == 0)
        #expect(await second.finish().status == 0)
    }

    @Test func holdsAndResumes() async throws {
        let peer = try SIPp(
            SIPp.ringAndWait + SIPp.answer()
                + SIPp.expectReinvite("a=sendonly")
                + SIPp.answer(attributes: "a=recvonly", tag: false)
                + SIPp.expectReinvite("a=sendrecv") + SIPp.answer(tag: false) + SIPp.hangUp)
        let call = try makeCall(to: peer.port) {
            $0.duration = .milliseconds(2_500)
            $0.holdAfter = .milliseconds(500)
            $0.holdTime = .milliseconds(700)
        }
        let report = try await call.run()
        #expect(report.failure == nil)
        #expect(report.packetsDuringHold != nil)
        #expect(report.resumedAfter != nil)
        let end = await peer.finish()
        #expect(end.status == 0, "\(end.output.suffix(1_500))")
    }

    @Test(arguments: [TransportProtocol.udp, .tcp])
    func nobodyThere(_ transport: TransportProtocol) async throws {
        let call = try makeCall(to: 9) { $0.transport = transport }
        #expect(try await call.run().failure == "the other side can't be reached")
    }

    /// Somebody is there, and says nothing.
    @Test func noAnswer() async throws {
        let peer = try SIPp(
            "<recv request=\"INVITE\"></recv><pause milliseconds=\"20000\"/>")
        let call = try makeCall(to: peer.port) { $0.answerLimit = .milliseconds(300) }
        #expect(try await call.run().failure == "no answer within 0.3 s")
    }

    @Test func hangsUpWhenTold() async throws {
        let peer = try SIPp(SIPp.ringAndWait + SIPp.answer() + SIPp.hangUp)
        let heard = AsyncStream.makeStream(of: Void.self)
        var options = CallOptions(uri: try #require(URI("sip:music@127.0.0.1:\(peer.port)")))
        options.recordingPath = temporaryFile()
        let call = SoftphoneCall(
            options, on: MultiThreadedEventLoopGroup.singleton.next(),
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { _ in heard.continuation.yield() }
        async let report = call.run()
        for await _ in heard.stream { break }
        call.hangUp()
        #expect(try await report.failure == nil)
        #expect(await peer.finish().status == 0)
    }
}
