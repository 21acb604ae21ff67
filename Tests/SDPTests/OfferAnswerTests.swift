import Primitives
import SDP
import Testing

@Suite struct OfferAnswerTests {
    // MARK: Direction and hold

    struct Hold: CustomTestStringConvertible, Sendable {
        var session = "c=IN IP4 198.51.100.21\n"
        var media = ""
        var answer: Direction
        var remote = true
        var rtcp = true
        var testDescription: String { "\(session)\(media)" }
    }

    static let holds: [Hold] = [
        Hold(answer: .sendrecv),
        Hold(media: "a=sendrecv\n", answer: .sendrecv),
        Hold(media: "a=sendonly\n", answer: .recvonly),
        Hold(media: "a=recvonly\n", answer: .sendonly),
        Hold(media: "a=inactive\n", answer: .inactive),
        Hold(session: "c=IN IP4 198.51.100.21\na=sendonly\n", answer: .recvonly),
        Hold(
            session: "c=IN IP4 198.51.100.21\na=inactive\n", media: "a=recvonly\n",
            answer: .sendonly),
        Hold(session: "c=IN IP4 0.0.0.0\n", answer: .recvonly, remote: false),
        Hold(
            session: "c=IN IP4 0.0.0.0\n", media: "a=inactive\n", answer: .inactive, remote: false),
        Hold(session: "c=IN IP4 0.0.0.0\n", media: "c=IN IP4 198.51.100.21\n", answer: .sendrecv),
        Hold(media: "c=IN IP4 0.0.0.0\na=sendrecv\n", answer: .recvonly, remote: false),
        Hold(media: "c=IN IP6 ::\na=sendonly\n", answer: .recvonly, remote: false),
        Hold(media: "c=IN IP6 hold.invalid\n", answer: .recvonly, remote: false),
        Hold(
            media: "c=IN IP4 0.0.0.0\na=rtcp:40777 IN IP4 198.51.100.22\n", answer: .recvonly,
            remote: false),
    ]

    @Test(arguments: holds)
    func answersEachHoldForm(_ hold: Hold) throws {
        var machine = Offer.machine()
        let (answer, audio) = try machine.answer(
            to: Offer.parse("m=audio 40010 RTP/AVP 0\n\(hold.media)", session: hold.session))
        #expect(audio.direction == hold.answer)
        #expect(answer.has("a=\(hold.answer)"))
        #expect(answer.media[0].port == 16384)
        #expect(audio.remote == (hold.remote ? Endpoint(Offer.phone, port: 40010) : nil))
        #expect((audio.remoteRTCP != nil) == hold.remote)
        #expect(audio.sends == (hold.remote && hold.answer.sends))
    }

    static let wishes: [(Direction, Direction, Direction)] = [
        (Direction.sendonly, Direction.sendrecv, Direction.sendonly),
        (.sendonly, .sendonly, .inactive),
        (.recvonly, .sendrecv, .recvonly), (.recvonly, .recvonly, .inactive),
        (.inactive, .sendrecv, .inactive),
    ]

    @Test(arguments: wishes)
    func answersWithinWhatTheApplicationWants(
        _ wish: Direction, _ offer: Direction, _ answer: Direction
    ) throws {
        var machine = Offer.machine { $0.direction = wish }
        let audio = try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 0\na=\(offer)\n"))
            .audio
        #expect(audio.direction == answer)
    }

    /// G01 and §8: the version grows by one with each change, and not without one.
    @Test func countsVersionsByChanges() throws {
        var machine = Offer.machine()
        func version(_ direction: String) throws -> String {
            try machine.answer(
                to: Offer.parse(
                    "m=audio 40010 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=\(direction)\n"
                )
            )
            .answer.origin.sessionVersion
        }
        #expect(try version("sendrecv") == "1")
        #expect(try version("sendonly") == "2")
        #expect(try version("sendonly") == "2")
        #expect(try version("sendrecv") == "3")
        #expect(machine.makeOffer().origin.sessionVersion == "4")
    }

    // MARK: G02

    @Test func offersItsOwnWishesAfterAHold() throws {
        var machine = Offer.machine()
        let opening =
            "m=audio 40010 RTP/AVP 113 8 96\na=rtpmap:113 opus/48000/2\na=rtpmap:96 telephone-event/48000\n"
        _ = try machine.answer(to: Offer.parse(opening))
        let held = try machine.answer(to: Offer.parse(opening + "a=inactive\n"))
        #expect(held.audio.direction == .inactive)
        let offer = machine.makeOffer()
        #expect(offer.media[0].direction == .sendonly)
        #expect(offer.origin.sessionVersion == "3")
        #expect(offer.media[0].payloadTypes.starts(with: [113, 9, 0, 8]))
        #expect(offer.has("a=rtpmap:113 opus/48000/2"))
        #expect(offer.has("a=rtpmap:96 telephone-event/48000"))
        #expect(offer.has("a=rtpmap:101 telephone-event/8000"))
        let audio = try machine.accept(answer: Offer.parse("m=audio 40010 RTP/AVP 8\na=recvonly\n"))
        #expect(audio.direction == .sendonly)
        #expect(audio.payloadType == 8)
        #expect(audio.sends)
    }

    // MARK: G03

    @Test func resumesFromTheNullAddressWithTheSamePort() throws {
        var machine = Offer.machine()
        let held = try machine.answer(
            to: Offer.parse(
                "m=audio 40010 RTP/AVP 8 101\nc=IN IP4 0.0.0.0\na=rtpmap:101 telephone-event/8000\na=sendrecv\n"
            ))
        #expect(held.audio.remote == nil && held.audio.remoteRTCP == nil && !held.audio.sends)
        let resumed = try machine.answer(
            to: Offer.parse(
                "m=audio 40010 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\na=sendrecv\n"))
        #expect(resumed.audio.remote == Endpoint(Offer.phone, port: 40010))
        #expect(resumed.audio.sends)
    }

    // MARK: G05 and the streams beside audio

    @Test func refusesToDoFaxAndKeepsTheCall() throws {
        var machine = Offer.machine()
        let before = try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 8\n"))
        let fax = try SessionDescription(
            parsing: Array(
                """
                v=0
                o=- 88 3 IN IP4 203.0.113.40
                s=-
                t=0 0
                m=audio 0 RTP/AVP 8 101
                m=image 4310 udptl t38
                c=IN IP4 203.0.113.40
                a=T38FaxVersion:1
                """.utf8))
        #expect(throws: OfferRejection.noAudio) { try machine.answer(to: fax) }
        #expect(OfferRejection.noAudio.statusCode == 488)
        #expect(OfferRejection.noAudio.warningCode == 304)
        #expect(machine.negotiated == before.audio)
        let after = try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 8\n"))
        #expect(after.answer == before.answer)
    }

    @Test func refusesOtherStreamsInTheirPlaces() throws {
        var machine = Offer.machine()
        let answer = try machine.answer(
            to: Offer.parse(
                """
                m=video 51372 RTP/AVP 99
                a=rtpmap:99 H264/90000
                m=audio 40010 RTP/SAVP 0
                m=audio 40012 RTP/AVP 0
                m=audio 40014 RTP/AVP 8
                m=application 9 UDP/DTLS/SCTP webrtc-datachannel
                m=text 0 RTP/AVP
                """)
        ).answer
        #expect(
            answer.lines.filter { $0.hasPrefix("m=") } == [
                "m=video 0 RTP/AVP 99", "m=audio 0 RTP/SAVP 0", "m=audio 16384 RTP/AVP 0",
                "m=audio 0 RTP/AVP 8",
                "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "m=text 0 RTP/AVP 0",
            ])
        // A later offer of ours keeps them all in their places (RFC 3264 §8).
        let offer = machine.makeOffer()
        #expect(offer.media.map(\.port) == [0, 0, 16384, 0, 0, 0])
        #expect(throws: AnswerFault.streams) {
            try machine.accept(answer: Offer.parse("m=audio 40010 RTP/AVP 0\n"))
        }
    }

    static let refusals: [(String, OfferRejection, Int)] = [
        ("m=video 5004 RTP/AVP 31\n", OfferRejection.noAudio, 304),
        ("m=audio 5004 RTP/SAVP 0\n", .transport, 302),
        ("m=audio 5004 UDP/TLS/RTP/SAVPF 0\n", .transport, 302),
        ("m=audio 5004 RTP/AVP 18 4 13 101\na=rtpmap:101 telephone-event/8000\n", .formats, 305),
        ("m=audio 5004 RTP/AVP 96\n", .formats, 305),
        ("m=audio 5004 RTP/AVP 0\nc=IN IP4 phone.example.com\n", .address, 301),
        ("m=audio 5004 RTP/AVP 0\nc=IN IP4 255.255.255.255\n", .address, 301),
        ("m=audio 5004 RTP/AVP 0\nc=IN IP4 224.2.2.2/8\n", .multicast, 330),
        ("m=audio 5004 RTP/AVP 0\nc=IN IP6 2001:db8::7\n", .addressFamily, 300),
    ]

    @Test(arguments: refusals)
    func refusesWithAWarning(_ media: String, _ reason: OfferRejection, _ code: Int) throws {
        var machine = Offer.machine { $0.families = .ipv4 }
        let offer = try Offer.parse(media)
        #expect(throws: reason) { try machine.answer(to: offer) }
        #expect(reason.warningCode == code)
        #expect(machine.negotiated == nil)
    }

    @Test func acceptsADescriptionWithoutAnyStream() throws {
        var machine = Offer.machine()
        let empty = try machine.answer(to: Offer.parse(""))
        #expect(empty.answer.media.isEmpty && !empty.audio.sends)
        let dead = try machine.answer(to: Offer.parse("m=audio 0 RTP/AVP 0\n"))
        #expect(dead.answer.has("m=audio 0 RTP/AVP 0"))
        #expect(!dead.audio.sends && dead.audio.direction == .inactive)
        #expect(try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 0\n")).audio.sends)
    }

    // MARK: Formats

    struct Choice: CustomTestStringConvertible, Sendable {
        var media: String
        var encoding: String
        var number: UInt8
        var event: UInt8?
        var testDescription: String { media }
    }

    static let events = "a=rtpmap:101 telephone-event/8000\na=rtpmap:96 telephone-event/48000\n"

    static let choices: [Choice] = [
        Choice(media: "m=audio 4 RTP/AVP 0\n", encoding: "PCMU", number: 0),
        Choice(media: "m=audio 4 RTP/AVP 8 0\n", encoding: "PCMA", number: 8),
        Choice(media: "m=audio 4 RTP/AVP 18 9 0\n", encoding: "G722", number: 9),
        Choice(
            media: "m=audio 4 RTP/AVP 127 96\na=rtpmap:127 OPUS/48000/2\n\(events)",
            encoding: "opus", number: 127, event: 96),
        Choice(
            media: "m=audio 4 RTP/AVP 111\na=rtpmap:111 opus/48000\n", encoding: "opus", number: 111
        ),
        // G07: one event format at 8000 beside wider codecs.
        Choice(
            media: "m=audio 4 RTP/AVP 102 9 0 101\na=rtpmap:102 opus/48000/2\n\(events)",
            encoding: "opus", number: 102, event: 101),
        Choice(
            media: "m=audio 4 RTP/AVP 9 96 101\n\(events)", encoding: "G722", number: 9, event: 101),
        Choice(media: "m=audio 4 RTP/AVP 0 96\n\(events)", encoding: "PCMU", number: 0),
        // G08: 9 is G.722 with clock 8000, whatever stands beside it.
        Choice(media: "m=audio 4 RTP/AVP 9\na=rtpmap:9 G722/8000\n", encoding: "G722", number: 9),
        Choice(media: "m=audio 4 RTP/AVP 9\na=rtpmap:9 G722/16000\n", encoding: "G722", number: 9),
        Choice(
            media: "m=audio 4 RTP/AVP 98\na=rtpmap:98 G722/16000\n", encoding: "G722", number: 98),
        // A static number that a description gives another meaning has that meaning.
        Choice(media: "m=audio 4 RTP/AVP 3 0\na=rtpmap:3 L16/16000\n", encoding: "L16", number: 3),
        Choice(
            media: "m=audio 4 RTP/AVP 97 98\na=rtpmap:97 L16/16000/2\na=rtpmap:98 l16/8000/1\n",
            encoding: "L16", number: 98),
        // More than the receiver of Opus takes: the next codec, if there is one.
        Choice(
            media:
                "m=audio 4 RTP/AVP 107 0\na=rtpmap:107 opus/48000/2\na=fmtp:107 maxaveragebitrate=24000\n",
            encoding: "PCMU", number: 0),
        Choice(
            media:
                "m=audio 4 RTP/AVP 107\na=rtpmap:107 opus/48000/2\na=fmtp:107 maxaveragebitrate=24000\n",
            encoding: "opus", number: 107),
    ]

    @Test(arguments: choices)
    func choosesTheOfferersFirst(_ choice: Choice) throws {
        var machine = Offer.machine()
        let (answer, audio) = try machine.answer(to: Offer.parse(choice.media))
        #expect(Offer.formats[audio.format].map.encodingName == choice.encoding)
        #expect(audio.payloadType == choice.number)
        #expect(audio.telephoneEvents.map(\.payloadType) == (choice.event.map { [$0] } ?? []))
        #expect(answer.media[0].payloadTypes == [choice.number] + (choice.event.map { [$0] } ?? []))
        #expect(audio.receivable == [choice.number: audio.format])
        #expect(!answer.text.contains("G722/16000"))
    }

    @Test func choosesOurFirstWhenConfigured() throws {
        var machine = Offer.machine { $0.preference = .ours }
        let audio = try machine.answer(to: Offer.parse("m=audio 4 RTP/AVP 8 0 9\n")).audio
        #expect(audio.payloadType == 9)
    }

    /// G06: the peer's numbers, also when they change within the session.
    @Test func followsThePeersNumbers() throws {
        var machine = Offer.machine()
        func number(_ n: Int) throws -> (UInt8, [UInt8]) {
            let (answer, audio) = try machine.answer(
                to: Offer.parse(
                    "m=audio 40010 RTP/AVP \(n) 96\na=rtpmap:\(n) opus/48000/2\na=rtpmap:96 telephone-event/48000\n"
                ))
            return (audio.payloadType, answer.media[0].payloadTypes)
        }
        #expect(try number(127) == (127, [127, 96]))
        #expect(try number(113) == (113, [113, 96]))
        // 127 stays bound, 113 is the latest, and no other codec gets either.
        let maps = machine.makeOffer().media[0].rtpMaps
        #expect(maps[113]?.encodingName == "opus")
        #expect(maps[127] == nil)
        #expect(maps[96]?.clockRate == 48000)
        // An answer may use other numbers than the offer: theirs are sent.
        let audio = try machine.accept(
            answer: Offer.parse("m=audio 40010 RTP/AVP 99\na=rtpmap:99 opus/48000/2\n"))
        #expect(audio.payloadType == 99)
        #expect(audio.receivable == [113: 0])
    }

    static let channels: [(String, Bool)] = [
        ("", false), ("stereo=1", true), ("sprop-stereo=1", false), ("stereo=0", false),
        ("stereo=1;maxaveragebitrate=64000", false),
        ("stereo=1;maxaveragebitrate=510000;cbr=1", true),
    ]

    @Test(arguments: channels)
    func sendsTwoChannelsOnlyToWhoAsks(_ parameters: String, _ stereo: Bool) throws {
        var machine = Offer.machine()
        let (answer, audio) = try machine.answer(
            to: Offer.parse(
                "m=audio 4 RTP/AVP 107\na=rtpmap:107 opus/48000/2\na=fmtp:107 \(parameters)\n"))
        #expect(audio.stereo == stereo)
        #expect(answer.has("a=fmtp:107 sprop-stereo=1") == stereo)
        #expect(answer.has("a=rtpmap:107 opus/48000/2"))
    }

    // MARK: Packet time

    static let packetTimes: [(String, Int)] = [
        ("", 20), ("a=ptime:10\n", 10), ("a=ptime:20\n", 20), ("a=ptime:30\n", 30),
        ("a=ptime:40\n", 40),
        ("a=ptime:60\n", 60), ("a=ptime:50\n", 40), ("a=ptime:25\n", 20), ("a=ptime:5\n", 10),
        ("a=ptime:200\n", 60),
        ("a=maxptime:10\n", 10), ("a=maxptime:30\n", 20), ("a=ptime:60\na=maxptime:40\n", 40),
        ("a=ptime:40\na=maxptime:30\n", 30), ("a=ptime:x\n", 20), ("a=ptime:0\n", 20),
        ("a=maxptime:2\n", 10),
    ]

    @Test(arguments: packetTimes)
    func choosesThePacketTime(_ attributes: String, _ time: Int) throws {
        var machine = Offer.machine()
        let (answer, audio) = try machine.answer(
            to: Offer.parse("m=audio 4 RTP/AVP 0\n\(attributes)"))
        #expect(audio.packetTime == time)
        #expect(answer.has("a=ptime:\(time)"))
    }

    @Test func keepsL16PacketsBelowTheMTU() throws {
        var machine = Offer.machine()
        let audio = try machine.answer(
            to: Offer.parse("m=audio 4 RTP/AVP 97\na=rtpmap:97 L16/16000\na=ptime:60\n")
        ).audio
        #expect(audio.packetTime == 40)
    }

    // MARK: G12

    @Test(arguments: ["RTP/AVP", "RTP/AVPF", "rtp/avp"])
    func answersInPlainWithTheProfileOffered(_ transport: String) throws {
        var machine = Offer.machine()
        let answer = try machine.answer(
            to: Offer.parse(
                """
                m=audio 40010 \(transport) 9 0 101
                a=rtpmap:101 telephone-event/8000
                a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd
                a=fingerprint:sha-256 00:01
                a=setup:actpass
                a=ice-ufrag:abcd
                a=candidate:1 1 UDP 2130706431 198.51.100.21 40010 typ host
                a=mid:0
                a=rtcp-fb:* nack
                a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
                """, session: "c=IN IP4 198.51.100.21\na=group:BUNDLE 0\na=ice-lite\n")
        ).answer
        #expect(answer.has("m=audio 16384 \(transport) 9 101"))
        for name in [
            "crypto", "fingerprint", "setup", "candidate", "ice-ufrag", "group", "mid", "rtcp-fb",
            "extmap",
        ] {
            #expect(!answer.hasAttribute(name), "\(name)")
        }
    }

    // MARK: G28

    @Test func offersEverythingWhenThereIsNoOffer() throws {
        var machine = Offer.machine { $0.local = Endpoint(Offer.address, port: 20000) }
        let offer = machine.makeOffer()
        #expect(offer.has("o=- 4711 1 IN IP4 192.0.2.10"))
        #expect(offer.has("c=IN IP4 192.0.2.10"))
        #expect(offer.media[0].port == 20000)
        #expect(offer.media[0].direction == .sendonly)
        #expect(
            Set(offer.media[0].rtpMaps.values.map(\.text)) == [
                "opus/48000/2", "G722/8000", "PCMU/8000", "PCMA/8000", "L16/8000", "L16/16000",
                "telephone-event/48000", "telephone-event/8000", "telephone-event/16000",
            ])
        #expect(machine.makeOffer() == offer, "nothing changed")
        let audio = try machine.accept(
            answer: Offer.parse("m=audio 24600 RTP/AVP 9 101\na=recvonly\n"))
        #expect(Offer.formats[audio.format].map.encodingName == "G722")
        #expect(audio.payloadType == 9)
        #expect(audio.remote == Endpoint(Offer.phone, port: 24600))
        #expect(audio.telephoneEvents.map(\.payloadType) == [101])
        #expect(audio.direction == .sendonly)
        #expect(throws: AnswerFault.unexpected) { try machine.accept(answer: offer) }
    }

    static let faults: [(String, AnswerFault)] = [
        ("m=audio 0 RTP/AVP 0\n", AnswerFault.refused), ("m=audio 4 RTP/AVP 18\n", .formats),
        ("m=audio 4 RTP/AVP 0\nc=IN IP4 somewhere.example.com\n", .address), ("", .streams),
        ("m=audio 4 RTP/AVP 0\nc=IN IP4 224.1.1.1/3\n", .address),
        ("m=video 4 RTP/AVP 0\n", .refused),
    ]

    @Test(arguments: faults)
    func refusesAnAnswerThatIsNone(_ media: String, _ fault: AnswerFault) throws {
        var machine = Offer.machine()
        _ = machine.makeOffer()
        let answer = try Offer.parse(media)
        #expect(throws: fault) { try machine.accept(answer: answer) }
    }

    @Test func staysAsItWasWhenItsOfferComesToNothing() throws {
        var machine = Offer.machine()
        let before = try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 0\n"))
        _ = machine.makeOffer()
        #expect(throws: OfferRejection.glare) {
            try machine.answer(to: Offer.parse("m=audio 4 RTP/AVP 0\n"))
        }
        machine.withdrawOffer()
        #expect(machine.negotiated == before.audio)
        let after = try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 0\n"))
        #expect(after.audio == before.audio)
        #expect(after.answer.origin.sessionVersion == "3", "the withdrawn offer was 2")
    }

    /// Two of our machines, as an offerless INVITE through RFC 7088 couples them.
    @Test func understandsItself() throws {
        var music = Offer.machine()
        var phone = Offer.machine {
            $0.local = Endpoint(Offer.phone, port: 4000)
            $0.formats[0].parameters = "stereo=1"
        }
        let (answer, theirs) = try phone.answer(to: music.makeOffer())
        let ours = try music.accept(answer: answer)
        #expect(ours.direction == .sendonly && theirs.direction == .recvonly)
        #expect(ours.payloadType == 107 && theirs.payloadType == 107)
        #expect(ours.stereo && ours.rtcpMux && theirs.rtcpMux)
        #expect(ours.remote == Endpoint(Offer.phone, port: 4000))
        #expect(ours.telephoneEvents == theirs.telephoneEvents)
    }

    // MARK: G47

    struct Control: CustomTestStringConvertible, Sendable {
        var media: String
        var mux = false
        var rtcp: String
        var testDescription: String { media }
    }

    static let controls: [Control] = [
        Control(media: "m=audio 40010 RTP/AVP 0\n", rtcp: "198.51.100.21:40011"),
        Control(
            media: "m=audio 40010 RTP/AVP 0\na=rtcp:40777 IN IP4 198.51.100.22\n",
            rtcp: "198.51.100.22:40777"),
        Control(media: "m=audio 40010 RTP/AVP 0\na=rtcp:40777\n", rtcp: "198.51.100.21:40777"),
        Control(
            media: "m=audio 40010 RTP/AVP 0\na=rtcp-mux\na=rtcp:40011\n", mux: true,
            rtcp: "198.51.100.21:40010"),
        Control(media: "m=audio 40013 RTP/AVP 0\n", rtcp: "198.51.100.21:40014"),
        // 72 with the marker bit is an RTCP sender report to a shared port.
        Control(
            media: "m=audio 40010 RTP/AVP 72\na=rtpmap:72 opus/48000/2\na=rtcp-mux\n",
            rtcp: "198.51.100.21:40011"),
    ]

    @Test(arguments: controls)
    func sendsRTCPWhereThePeerWantsIt(_ control: Control) throws {
        var machine = Offer.machine()
        let (answer, audio) = try machine.answer(to: Offer.parse(control.media))
        #expect(audio.rtcpMux == control.mux)
        #expect(answer.has("a=rtcp-mux") == control.mux)
        #expect(audio.remoteRTCP == Endpoint(control.rtcp))
        if control.mux {
            #expect(answer.media[0].payloadTypes.allSatisfy { !(64...95).contains($0) })
        }
    }

    @Test func hasNoRTCPPortAboveTheLast() throws {
        var machine = Offer.machine()
        #expect(
            try machine.answer(to: Offer.parse("m=audio 65535 RTP/AVP 0\n")).audio.remoteRTCP == nil
        )
    }

    @Test func namesOurOwnRTCPPortOnlyWhenItIsElsewhere() throws {
        for (rtcp, line) in [
            (Endpoint(Offer.address, port: 16385), nil),
            (Endpoint(Offer.address, port: 17000), "a=rtcp:17000"),
            (Endpoint(Offer.phone, port: 16385), "a=rtcp:16385 IN IP4 198.51.100.21"),
        ] as [(Endpoint, String?)] {
            var machine = Offer.machine { $0.localRTCP = rtcp }
            let answer = try machine.answer(to: Offer.parse("m=audio 40010 RTP/AVP 0\n")).answer
            #expect(answer.lines.first { $0.hasPrefix("a=rtcp:") } == line.map { $0[...] })
        }
    }

    @Test func knowsWhenNoReportsCome() throws {
        var machine = Offer.machine()
        #expect(
            try machine.answer(to: Offer.parse("m=audio 4 RTP/AVP 0\nb=RR:0\n")).audio
                .receiverReportsOff)
        #expect(
            try !machine.answer(to: Offer.parse("m=audio 4 RTP/AVP 0\nb=RR:800\n")).audio
                .receiverReportsOff)
    }

    // MARK: Addresses and groups

    @Test func speaksIPv6() throws {
        let here = try #require(IPAddress("2001:db8::a"))
        var machine = Offer.machine { $0.local = Endpoint(here, port: 16384) }
        let (answer, audio) = try machine.answer(
            to: Offer.parse("m=audio 40010 RTP/AVP 0\n", session: "c=IN IP6 2001:db8::21\n"))
        #expect(audio.remote == IPAddress("2001:db8::21").map { Endpoint($0, port: 40010) })
        #expect(answer.has("c=IN IP6 2001:db8::a"))
        #expect(answer.has("o=- 4711 1 IN IP6 2001:db8::a"))
    }

    @Test func answersAGroupOfOursWithTheGroup() throws {
        let group = try #require(Endpoint("239.10.1.1:21000"))
        var machine = Offer.machine { $0.multicastGroups = [.init(group, format: 2)] }
        let (answer, audio) = try machine.answer(
            to: Offer.parse("m=audio 21000 RTP/AVP 8 0\nc=IN IP4 239.10.1.1/8\na=recvonly\n"))
        #expect(audio.isMulticast && !audio.sends)
        #expect(audio.remote == group)
        #expect(answer.has("m=audio 21000 RTP/AVP 0"))
        #expect(answer.has("c=IN IP4 239.10.1.1/8"))
        // RFC 3264 §6.2: the same direction as in the offer.
        #expect(answer.has("a=recvonly"))
        for other in ["m=audio 21002 RTP/AVP 0\n", "m=audio 21000 RTP/AVP 8\n"] {
            let offer = try Offer.parse("\(other)c=IN IP4 239.10.1.1/8\n")
            #expect(throws: OfferRejection.multicast) { try machine.answer(to: offer) }
        }
    }

    // MARK: What doesn't change

    @Test func givesTheSameAnswerWhenAskedFirst() throws {
        var machine = Offer.machine()
        let offer = try Offer.parse("m=audio 40010 RTP/AVP 107 0\na=rtpmap:107 opus/48000/2\n")
        let asked = try machine.negotiate(offer)
        #expect(machine.negotiated == nil)
        #expect(try machine.answer(to: offer).audio == asked)
    }
}
