import Foundation
import Primitives
import SDP
import Testing

@Suite struct SessionDescriptionTests {
    static let full = """
        v=0
        o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
        s=Call to John Smith
        i=SDP Offer #1
        u=http://www.jdoe.example.com/home.html
        e=Jane Doe <jane@jdoe.example.com>
        p=+1 617 555-6011
        c=IN IP4 198.51.100.1
        b=AS:128
        t=0 0
        x=kept
        a=sendonly
        m=audio 49170/2 RTP/AVP 0 97
        c=IN IP6 2001:db8::1
        b=RR:0
        a=rtpmap:97 opus/48000/2
        a=fmtp:97 stereo=1; maxaveragebitrate=20000
        m=audio 49180 RTP/AVP 0
        m=video 51372 RTP/AVP 99
        c=IN IP4 233.252.0.1/127/3
        a=rtpmap:99 h263-1998/90000
        m=image 4310 udptl t38
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel

        """.replacingOccurrences(of: "\n", with: "\r\n")

    @Test func readsAndWritesEveryLine() throws {
        let description = try SessionDescription(parsing: Array(Self.full.utf8))
        #expect(description.text == Self.full)
        #expect(description.media.map(\.port) == [49170, 49180, 51372, 4310, 9])
        #expect(description.media[0].portCount == 2)
        #expect(description.media[0].rtpMaps == [97: RTPMap("opus", 48000, channels: 2)])
        #expect(
            description.connection(of: description.media[0])?.address == IPAddress("2001:db8::1"))
        #expect(
            description.connection(of: description.media[1])?.address == IPAddress("198.51.100.1"))
        #expect(description.media[2].connection?.ttl == 127)
        #expect(description.media[2].connection?.count == 3)
        #expect(description.direction(of: description.media[0]) == .sendonly)
    }

    struct Sloppy: CustomTestStringConvertible, Sendable {
        var what: String
        var text: String
        var testDescription: String { what }
    }

    @Test(arguments: [
        Sloppy(
            what: "bare LF",
            text:
                "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=-\nc=IN IP4 1.2.3.4\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
        ),
        Sloppy(
            what: "bare CR",
            text:
                "v=0\ro=- 1 1 IN IP4 1.2.3.4\rs=-\rc=IN IP4 1.2.3.4\rt=0 0\rm=audio 5004 RTP/AVP 0\r"
        ),
        Sloppy(what: "no last line end", text: "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5004 RTP/AVP 0"),
        Sloppy(what: "no o, s, t", text: "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5004 RTP/AVP 0\r\n"),
        Sloppy(
            what: "blank lines and blanks",
            text:
                "v=0 \r\n\r\no=a b 1 1 IN IP4 1.2.3.4\r\nc=IN IP4  1.2.3.4 \r\n\r\nm=audio  5004 RTP/AVP  0 \r\n"
        ),
        Sloppy(
            what: "empty s",
            text: "v=0\r\no=-\r\ns=\r\nc=IN IP4 1.2.3.4\r\nm=audio 5004 RTP/AVP 0\r\n"),
        Sloppy(
            what: "c after t",
            text: "v=0\r\nt=0 0\r\nc=IN IP4 1.2.3.4\r\ns=-\r\nm=audio 5004 RTP/AVP 0\r\n"),
        Sloppy(
            what: "octets that aren't UTF-8",
            text: "v=0\r\ns=\u{1}\u{fffd}\r\nc=IN IP4 1.2.3.4\r\nm=audio 5004 RTP/AVP 0\r\n"),
        Sloppy(
            what: "IP6 written before an IPv4 address",
            text: "v=0\r\nc=IN IP6 1.2.3.4\r\nm=audio 5004 RTP/AVP 0\r\n"),
        Sloppy(
            what: "NUL at the end", text: "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5004 RTP/AVP 0\r\n\0"),
    ])
    func readsWhatPhonesWrite(_ sloppy: Sloppy) throws {
        let description = try SessionDescription(parsing: Array(sloppy.text.utf8))
        #expect(description.media.count == 1)
        #expect(description.media[0].payloadTypes == [0])
        #expect(description.connection(of: description.media[0])?.address == IPAddress("1.2.3.4"))
        #expect(
            try SessionDescription(parsing: description.serialised()).media == description.media)
    }

    static let broken: [(String, SDPError)] = [
        ("", SDPError.version), ("\r\n", .version), ("v=1\r\n", .version),
        ("o=- 1 1 IN IP4 1.2.3.4\r\n", .version),
        ("<xml/>", .version), ("v=0\r\nm=audio\r\n", .malformed(line: 2)),
        ("v=0\r\nhello\r\n", .malformed(line: 2)),
        ("v=0\r\ns=-\r\nm=audio 65536 RTP/AVP 0\r\n", .malformed(line: 3)),
        ("v=0\r\nm=audio -1 RTP/AVP 0\r\n", .malformed(line: 2)),
        ("v=0\r\nm=audio 1/0 RTP/AVP 0\r\n", .malformed(line: 2)),
        ("v=0\r\nc=IN IP4\r\n", .malformed(line: 2)),
        ("v=0\r\nc=IN IP4 224.1.1.1/300\r\n", .malformed(line: 2)),
        ("v=0\r\nc=IN IP4 224.1.1.1/1/2/3\r\n", .malformed(line: 2)),
        ("v=0\r\nx\r\n", .malformed(line: 2)),
        ("v=0\r\n" + String(repeating: "m=audio 0 RTP/AVP 0\r\n", count: 33), .tooMany),
        ("v=0\r\n" + String(repeating: "a=x\r\n", count: 600), .tooMany),
        ("v=0\r\nm=audio 1 RTP/AVP" + String(repeating: " 0", count: 200) + "\r\n", .tooMany),
        ("v=0\r\na=" + String(repeating: "x", count: 40_000), .tooLong),
    ]

    @Test(arguments: broken)
    func refusesWithTheReason(_ text: String, _ error: SDPError) {
        #expect(throws: error) { try SessionDescription(parsing: Array(text.utf8)) }
        #expect(error.statusCode == 400 || error.statusCode == 413)
    }

    @Test func passesOverAttributesThatMakeNoSense() throws {
        let stream = try Offer.parse(
            """
            m=audio 5004 RTP/AVP 0 256 x 0 97 98
            a=rtpmap:97
            a=rtpmap:98 opus/0/2
            a=rtpmap:999 a/1
            a=rtpmap: 0 PCMU/8000
            a=ptime:0
            a=maxptime:40.5
            a=rtcp:0
            a=fmtp
            a=fmtp:0
            a=crypto:x
            a

            """.replacingOccurrences(of: "\na\n", with: "\na=\n")
        ).media[0]
        #expect(stream.payloadTypes == [0, 97, 98])
        #expect(stream.rtpMaps == [0: RTPMap("PCMU", 8000)])
        #expect(stream.packetTime == nil)
        #expect(stream.maximumPacketTime == 40)
        #expect(stream.rtcp == nil)
        #expect(stream.formatParameters(0)?.text == "")
        #expect(stream.crypto.isEmpty)
    }

    @Test func readsOpusParameters() {
        let opus = OpusParameters(
            FormatParameters(
                "maxplaybackrate=16000; Stereo=1;sprop-stereo=1; maxaveragebitrate=20000;useinbandfec=1; cbr=1;usedtx=0"
            ))
        #expect(opus.stereo && opus.sendsStereo && opus.useInBandFEC && opus.constantBitRate)
        #expect(!opus.useDTX)
        #expect(opus.maximumPlaybackRate == 16000)
        #expect(opus.maximumAverageBitRate == 20000)
        #expect(
            OpusParameters(FormatParameters("stereo=0;maxaveragebitrate=-3;;=;x"))
                == OpusParameters())
    }

    /// G13: lifetime and MKI stand after the key and aren't base64.
    @Test func takesKeysApart() throws {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
        let stream = try Offer.parse(
            """
            m=audio 40010 RTP/SAVP 8 101
            a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^31|1:1
            a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:\(key)|1048576
            a=crypto:5 F8_128_HMAC_SHA1_80 inline:\(key)
            a=crypto:6 AES_CM_128_HMAC_SHA1_80 inline:\(key)|7:4 UNENCRYPTED_SRTCP
            a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^64
            a=crypto:8 AES_CM_128_HMAC_SHA1_80 inline:
            a=crypto:1234567890 AES_CM_128_HMAC_SHA1_80 inline:\(key)

            """
        ).media[0]
        let keys = stream.crypto
        #expect(keys.map(\.tag) == [3, 4, 5, 6])
        #expect(keys.allSatisfy { $0.key == key })
        #expect(keys.map(\.lifetime) == [1 << 31, 1_048_576, nil, nil])
        #expect(keys[0].masterKeyIdentifier?.value == 1)
        #expect(keys[0].masterKeyIdentifier?.length == 1)
        #expect(keys[1].masterKeyIdentifier == nil)
        #expect(keys[3].masterKeyIdentifier?.length == 4)
        #expect(keys[2].suite == "F8_128_HMAC_SHA1_80")
        #expect(keys[3].sessionParameters == ["UNENCRYPTED_SRTCP"])
    }

    // MARK: RFC 4475

    /// The descriptions inside the RFC's messages.
    static let torture: [(name: String, body: [UInt8])] = {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../SIPTests/Vectors/rfc4475").standardized
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path())) ?? []
        return names.sorted().compactMap { name in
            guard name.hasSuffix(".dat"),
                let data = try? Data(contentsOf: directory.appending(path: name)),
                let start = data.firstRange(of: Data("v=0\r\n".utf8))?.lowerBound
            else { return nil }
            let rest = data[start...]
            let end = rest.firstRange(of: Data("\r\n\r\n".utf8))?.lowerBound ?? rest.endIndex
            return (name, Array(rest[..<end]))
        }
    }()

    @Test func answersEveryDescriptionOfTheTortureTests() throws {
        #expect(Self.torture.count == 20)
        for (name, body) in Self.torture {
            let offer = try SessionDescription(parsing: body)
            #expect(try SessionDescription(parsing: offer.serialised()) == offer, "\(name)")
            var machine = Offer.machine()
            let (answer, audio) = try machine.answer(to: offer)
            #expect(answer.media.count == offer.media.count, "\(name)")
            #expect(audio.payloadType == 0, "\(name)")
            for (ours, theirs) in zip(answer.media, offer.media) {
                #expect((ours.port == 0) == !theirs.isAudio, "\(name)")
            }
        }
    }
}
