import Primitives

/// One session's exchanges of offers and answers for one audio stream (RFC 3264, RFC 6337).
///
///                 answer(to:)                       makeOffer()
///        settled ─────────────▶ settled    settled ─────────────▶ offered
///                                          offered ──accept(answer:) / withdrawOffer()──▶ settled
///
/// A fault leaves everything as it was before the call. The application may change
/// ``capabilities`` between exchanges, so `negotiate(_:)` can be asked first and the local port
/// put in before `answer(to:)`.
package struct OfferAnswer: Sendable {
    package var capabilities: LocalCapabilities
    /// The outcome of the last exchange.
    package private(set) var negotiated: NegotiatedAudio?

    private let sessionID: UInt64
    private var version: UInt64
    /// What we sent last, as the peer knows it.
    private var lastSent: SessionDescription?
    private var bindings = PayloadBindings()
    private var state = State.settled

    private enum State: Sendable {
        case settled
        /// `stream` is the audio stream's place.
        case offered(SessionDescription, stream: Int)
    }

    /// - Parameters:
    ///   - sessionID: unique on this node (RFC 8866 §5.2).
    ///   - version: of the first description.
    package init(sessionID: UInt64, version: UInt64 = 1, capabilities: LocalCapabilities) {
        self.sessionID = sessionID
        self.version = version
        self.capabilities = capabilities
    }
}

// MARK: - Answering

extension OfferAnswer {
    /// What ``answer(to:)`` would settle; changes nothing.
    package func negotiate(_ offer: SessionDescription) throws(OfferRejection) -> NegotiatedAudio {
        try settle(offer).audio
    }

    /// Answers an offer.
    package mutating func answer(
        to offer: SessionDescription
    ) throws(OfferRejection) -> (answer: SessionDescription, audio: NegotiatedAudio) {
        let outcome = try settle(offer)
        bindings.learn(offer)
        let media = offer.media.enumerated().map { i, stream in
            i == outcome.stream ? describe(outcome, for: stream) : refusal(of: stream)
        }
        let answer = stamp(media)
        lastSent = answer
        negotiated = outcome.audio
        return (answer, outcome.audio)
    }

    /// What an offer comes to: the stream that is taken (nil for none) and its parameters.
    private struct Outcome {
        var stream: Int?
        var audio: NegotiatedAudio
        /// Formats of our answer, in order, then the event.
        var payloadTypes: [(number: UInt8, format: Int)] = []
        var event: NegotiatedAudio.TelephoneEvent?
        var multicast: Connection?
    }

    private func settle(_ offer: SessionDescription) throws(OfferRejection) -> Outcome {
        if case .offered = state { throw .glare }
        var reason = OfferRejection.noAudio
        var isLive = false
        for (i, stream) in offer.media.enumerated() where stream.port != 0 {
            isLive = true
            guard stream.isAudio else { continue }
            do throws(OfferRejection) {
                return try settle(stream, number: i, of: offer)
            } catch {
                // The first audio stream's reason says most.
                if reason == .noAudio { reason = error }
            }
        }
        guard isLive else { return withoutStream(offer) }
        throw reason
    }

    /// An offer with no live stream: a dialog without media, to be changed later (RFC 3264 §5).
    private func withoutStream(_ offer: SessionDescription) -> Outcome {
        var audio =
            negotiated
            ?? NegotiatedAudio(
                format: 0, payloadType: 0, receivable: [:], telephoneEvents: [],
                packetTime: capabilities.defaultPacketTime, remote: nil, remoteRTCP: nil,
                rtcpMux: false, direction: .inactive, receiverReportsOff: false, opus: nil,
                stereo: false, isMulticast: false)
        audio.direction = .inactive
        audio.remote = nil
        audio.remoteRTCP = nil
        audio.isMulticast = false
        return Outcome(stream: nil, audio: audio)
    }

    private func settle(
        _ stream: MediaDescription, number: Int, of offer: SessionDescription
    ) throws(OfferRejection) -> Outcome {
        guard Self.isPlainRTP(stream.transport) else { throw .transport }
        let connection = offer.connection(of: stream)
        let offered = offeredFormats(stream)
        var group: LocalCapabilities.MulticastGroup?
        if let address = connection?.address, address.isMulticast {
            let wanted = Endpoint(address, port: stream.port)
            group = capabilities.multicastGroups.first { g in
                g.endpoint == wanted && offered.contains { $0.format == g.format }
            }
            guard group != nil else { throw .multicast }
        } else {
            if let reason = fault(of: connection) { throw reason }
        }
        guard
            let chosen = group.flatMap({ g in offered.first { $0.format == g.format } })
                ?? choose(among: offered)
        else { throw .formats }

        let event = chooseEvent(
            in: stream, clockRate: capabilities.formats[chosen.format].map.clockRate)
        let theirs = offer.direction(of: stream)
        let isNowhere = connection?.isNowhere ?? true
        var direction = theirs.reversed.intersection(capabilities.direction)
        if isNowhere {
            // The old form of hold says nothing by attribute: we may receive, and send nothing.
            direction = direction.intersection(.recvonly)
        }
        // All members of a group have one view of it (RFC 3264 §6.2).
        if group != nil { direction = theirs }
        let numbers = [chosen.number] + (event.map { [$0.payloadType] } ?? [])
        let mux =
            capabilities.rtcpMux && stream.hasRTCPMux && group == nil
            && !numbers.contains { (64...95).contains($0) }
        let remote = isNowhere ? nil : connection?.address.map { Endpoint($0, port: stream.port) }
        let audio = NegotiatedAudio(
            format: chosen.format, payloadType: chosen.number,
            receivable: [chosen.number: chosen.format],
            telephoneEvents: event.map { [$0] } ?? [],
            packetTime: packetTime(for: stream, format: chosen.format),
            remote: remote,
            remoteRTCP: remote.flatMap { Self.rtcpEndpoint(of: stream, rtp: $0, mux: mux) },
            rtcpMux: mux, direction: direction,
            receiverReportsOff: Self.hasReportsOff(stream, in: offer),
            opus: chosen.opus, stereo: isStereo(chosen),
            isMulticast: group != nil)
        return Outcome(
            stream: number, audio: audio, payloadTypes: [(chosen.number, chosen.format)],
            event: event, multicast: group == nil ? nil : connection)
    }

    /// Why nothing can be sent to the address; nil when it can, or it is the sign for hold.
    private func fault(of connection: Connection?) -> OfferRejection? {
        guard let connection else { return .address }
        if connection.isNowhere { return nil }
        guard let address = connection.address, !address.isLimitedBroadcast else { return .address }
        if address.isMulticast { return .multicast }
        return capabilities.families.contains(address.isIPv6 ? .ipv6 : .ipv4) ? nil : .addressFamily
    }
}

// MARK: - Offering

extension OfferAnswer {
    /// A complete offer: everything we can do, with the numbers that the session has already
    /// bound, and the streams of earlier descriptions in their places (RFC 3264 §8).
    package mutating func makeOffer() -> SessionDescription {
        var media = lastSent?.media.map { refusal(of: $0) } ?? []
        let stream =
            lastSent?.media.firstIndex { $0.isAudio && $0.port != 0 }
            ?? media.firstIndex { $0.isAudio && Self.isPlainRTP($0.transport) } ?? media.count
        let transport = stream < media.count ? media[stream].transport : "RTP/AVP"
        let description = describeOffer(transport: transport)
        if stream < media.count { media[stream] = description } else { media.append(description) }
        let offer = stamp(media)
        lastSent = offer
        state = .offered(offer, stream: stream)
        return offer
    }

    /// Takes the answer to the last ``makeOffer()``.
    package mutating func accept(
        answer: SessionDescription
    ) throws(AnswerFault) -> NegotiatedAudio {
        guard case .offered(let offer, let index) = state else { throw .unexpected }
        guard answer.media.count == offer.media.count else { throw .streams }
        let ours = offer.media[index]
        let stream = answer.media[index]
        guard stream.port != 0, stream.isAudio else { throw .refused }
        let offered = offeredFormats(ours)
        // A dynamic number that the answer leaves unexplained means what the offer said.
        let answered = offeredFormats(stream, explainedBy: ours).filter { format in
            offered.contains { $0.format == format.format }
        }
        guard let chosen = choose(among: answered) else { throw .formats }
        let connection = answer.connection(of: stream)
        guard let connection, fault(of: connection) == nil else { throw .address }
        let isNowhere = connection.isNowhere
        let remote = isNowhere ? nil : connection.address.map { Endpoint($0, port: stream.port) }
        let mux = ours.hasRTCPMux && stream.hasRTCPMux
        var direction = (ours.direction ?? .sendrecv).intersection(
            answer.direction(of: stream).reversed)
        if isNowhere { direction = direction.intersection(.recvonly) }
        var receivable: [UInt8: Int] = [:]
        for format in offered where answered.contains(where: { $0.format == format.format }) {
            receivable[format.number] = format.format
        }
        let theirClocks = Set(events(in: stream, explainedBy: ours).map(\.clockRate))
        let audio = NegotiatedAudio(
            format: chosen.format, payloadType: chosen.number, receivable: receivable,
            telephoneEvents: events(in: ours).filter { theirClocks.contains($0.clockRate) },
            packetTime: packetTime(for: stream, format: chosen.format),
            remote: remote,
            remoteRTCP: remote.flatMap { Self.rtcpEndpoint(of: stream, rtp: $0, mux: mux) },
            rtcpMux: mux, direction: direction,
            receiverReportsOff: Self.hasReportsOff(stream, in: answer),
            opus: chosen.opus, stereo: isStereo(chosen), isMulticast: false)
        bindings.learn(offer)
        bindings.learn(answer)
        state = .settled
        negotiated = audio
        return audio
    }

    /// Our offer came to nothing (refused, or no ACK came): what was settled before holds.
    package mutating func withdrawOffer() {
        // The version that the peer has seen isn't used again: `lastSent` stays.
        state = .settled
    }
}

// MARK: - Choosing

extension OfferAnswer {
    /// A format of a peer's description that we have.
    private struct OfferedFormat {
        var number: UInt8
        var format: Int
        var opus: OpusParameters?
    }

    /// What the description lists that we have, in its order.
    private func offeredFormats(
        _ stream: MediaDescription, explainedBy other: MediaDescription? = nil
    ) -> [OfferedFormat] {
        stream.encodings(explainedBy: other).compactMap { number, map in
            guard let format = capabilities.formats.firstIndex(where: { Self.isSame($0.map, map) })
            else { return nil }
            let opus =
                capabilities.formats[format].isOpus
                ? OpusParameters(stream.formatParameters(number)) : nil
            return OfferedFormat(number: number, format: format, opus: opus)
        }
    }

    private func choose(among offered: [OfferedFormat]) -> OfferedFormat? {
        let ordered =
            switch capabilities.preference {
            case .theirs: offered
            case .ours: offered.sorted { $0.format < $1.format }
            }
        let fitting = ordered.first { format in
            guard let limit = format.opus?.maximumAverageBitRate,
                let rate = capabilities.formats[format.format].bitRate
            else { return true }
            return limit >= rate
        }
        // Music above the bit rate asked for is better than none.
        return fitting ?? ordered.first
    }

    /// The events at the codec's own clock, else at 8000 as phones offer them beside any codec.
    private func chooseEvent(
        in stream: MediaDescription, clockRate: Int
    ) -> NegotiatedAudio.TelephoneEvent? {
        guard capabilities.telephoneEvents else { return nil }
        let events = events(in: stream)
        return events.first { $0.clockRate == clockRate } ?? events.first { $0.clockRate == 8000 }
    }

    private func events(
        in stream: MediaDescription, explainedBy other: MediaDescription? = nil
    ) -> [NegotiatedAudio.TelephoneEvent] {
        stream.encodings(explainedBy: other).compactMap { number, map in
            guard map.encodingName.isSame(as: "telephone-event") else { return nil }
            return NegotiatedAudio.TelephoneEvent(payloadType: number, clockRate: map.clockRate)
        }
    }

    /// The packet time that the peer asks for, else ours, within its `maxptime` and the format's
    /// limit; the next lower one that we have when it asks for one that we haven't.
    private func packetTime(for stream: MediaDescription, format: Int) -> Int {
        let limit = min(
            stream.maximumPacketTime ?? .max, capabilities.formats[format].maximumPacketTime)
        let wish = min(stream.packetTime ?? capabilities.defaultPacketTime, limit)
        let times = capabilities.packetTimes
        return times.filter { $0 <= wish }.max() ?? times.min() ?? capabilities.defaultPacketTime
    }

    private func isStereo(_ chosen: OfferedFormat) -> Bool {
        guard let opus = chosen.opus, opus.stereo,
            let rate = capabilities.formats[chosen.format].stereoBitRate
        else { return false }
        return opus.maximumAverageBitRate ?? .max >= rate
    }

    private static func isSame(_ ours: RTPMap, _ theirs: RTPMap) -> Bool {
        if ours.isSame(as: theirs) { return true }
        guard ours.encodingName.isSame(as: theirs.encodingName) else { return false }
        // Sampling rate for clock rate, and Opus without its channels, are common slips.
        return ours.encodingName.isSame(as: "G722")
            ? theirs.clockRate == 16000 && theirs.channels == 1
            : ours.encodingName.isSame(as: "opus") && theirs.clockRate == 48000
    }

    private static func isPlainRTP(_ transport: String) -> Bool {
        transport.isSame(as: "RTP/AVP") || transport.isSame(as: "RTP/AVPF")
    }

    private static func rtcpEndpoint(
        of stream: MediaDescription, rtp: Endpoint, mux: Bool
    ) -> Endpoint? {
        if mux { return rtp }
        if let rtcp = stream.rtcp, rtcp.port != 0 {
            let address = rtcp.address ?? rtp.address
            // Reports to a group, to everybody or to nobody are as if none had been named.
            if address.isIPv6 == rtp.address.isIPv6, !address.isUnspecified,
                !address.isMulticast, !address.isLimitedBroadcast
            {
                return Endpoint(address, port: rtcp.port)
            }
        }
        return rtp.port == .max ? nil : Endpoint(rtp.address, port: rtp.port &+ 1)
    }

    private static func hasReportsOff(
        _ stream: MediaDescription, in description: SessionDescription
    ) -> Bool {
        let line = Line(type: "b", value: "RR:0")
        let own = stream.otherLines.filter { $0.type == line.type && $0.value.hasPrefix("RR:") }
        return own.isEmpty ? description.otherLines.contains(line) : own.contains(line)
    }
}

// MARK: - Describing

extension OfferAnswer {
    private func describe(_ outcome: Outcome, for stream: MediaDescription) -> MediaDescription {
        var attributes: [Attribute] = []
        var formats: [String] = []
        for (number, format) in outcome.payloadTypes {
            formats.append(String(number))
            // Written as the peer wrote it, but for slips that are put right.
            attributes += lines(number, capabilities.formats[format], stereo: outcome.audio.stereo)
        }
        if let event = outcome.event {
            formats.append(String(event.payloadType))
            attributes += Self.lines(event)
        }
        attributes += timing(outcome.audio.packetTime)
        attributes.append(Attribute(outcome.audio.direction.rawValue))
        if let multicast = outcome.multicast {
            return MediaDescription(
                media: stream.media, port: stream.port, transport: stream.transport,
                formats: formats, connection: multicast, attributes: attributes)
        }
        if outcome.audio.rtcpMux { attributes.append(Attribute("rtcp-mux")) }
        attributes += rtcpLine(mux: outcome.audio.rtcpMux)
        return MediaDescription(
            media: stream.media, port: capabilities.local.port, transport: stream.transport,
            formats: formats, attributes: attributes)
    }

    private mutating func describeOffer(transport: String) -> MediaDescription {
        var attributes: [Attribute] = []
        var formats: [String] = []
        var clocks: [Int] = []
        for format in capabilities.formats {
            guard
                let number = bindings.number(
                    for: format.map, preferred: format.preferredPayloadType)
            else { continue }
            formats.append(String(number))
            attributes += lines(number, format, stereo: format.stereoBitRate != nil)
            if !clocks.contains(format.map.clockRate) { clocks.append(format.map.clockRate) }
        }
        if capabilities.telephoneEvents {
            // One at each clock of the codecs (RFC 4733 §2.1); 101 is what phones know.
            for clock in clocks {
                let map = RTPMap("telephone-event", clock)
                guard let number = bindings.number(for: map, preferred: clock == 8000 ? 101 : nil)
                else { continue }
                formats.append(String(number))
                attributes += Self.lines(.init(payloadType: number, clockRate: clock))
            }
        }
        attributes += timing(capabilities.defaultPacketTime)
        attributes.append(Attribute(capabilities.offeredDirection.rawValue))
        // Numbers from 64 to 95 look like RTCP on a shared port (RFC 5761 §4).
        let isClear = !formats.contains { (64...95).contains(UInt8($0) ?? 0) }
        if capabilities.rtcpMux && isClear { attributes.append(Attribute("rtcp-mux")) }
        attributes += rtcpLine(mux: false)
        return MediaDescription(
            port: capabilities.local.port, transport: transport, formats: formats,
            attributes: attributes)
    }

    private func lines(
        _ number: UInt8, _ format: SupportedFormat, stereo: Bool
    ) -> [Attribute] {
        var lines = [Attribute("rtpmap", "\(number) \(format.map.text)")]
        var parameters = format.parameters.map { [$0] } ?? []
        if stereo { parameters.append("sprop-stereo=1") }
        if !parameters.isEmpty {
            lines.append(Attribute("fmtp", "\(number) \(parameters.joined(separator: ";"))"))
        }
        return lines
    }

    private static func lines(_ event: NegotiatedAudio.TelephoneEvent) -> [Attribute] {
        [
            Attribute("rtpmap", "\(event.payloadType) telephone-event/\(event.clockRate)"),
            Attribute("fmtp", "\(event.payloadType) 0-15"),
        ]
    }

    private func timing(_ packetTime: Int) -> [Attribute] {
        let longest = capabilities.packetTimes.max() ?? packetTime
        return [Attribute("ptime", String(packetTime)), Attribute("maxptime", String(longest))]
    }

    private func rtcpLine(mux: Bool) -> [Attribute] {
        guard !mux, let rtcp = capabilities.localRTCP,
            rtcp.address != capabilities.local.address
                || rtcp.port != capabilities.local.port &+ 1
        else { return [] }
        let address = rtcp.address == capabilities.local.address ? nil : rtcp.address
        return [Attribute("rtcp", RTCPAttribute(port: rtcp.port, address: address).text)]
    }

    /// A stream that isn't wanted keeps its place with port 0 (RFC 3264 §6).
    private func refusal(of stream: MediaDescription) -> MediaDescription {
        MediaDescription(
            media: stream.media, port: 0, transport: stream.transport,
            formats: stream.formats.isEmpty ? ["0"] : stream.formats)
    }

    /// Puts the streams into a description whose version is one higher than the last's if
    /// anything changed, and the same if nothing did (RFC 3264 §8).
    private mutating func stamp(_ media: [MediaDescription]) -> SessionDescription {
        let address = capabilities.local.address
        var description = SessionDescription(
            origin: Origin(sessionID: sessionID, version: version, address: address),
            connection: Connection(address), media: media)
        if let lastSent, lastSent != description {
            version &+= 1
            description.origin = Origin(sessionID: sessionID, version: version, address: address)
        }
        return description
    }
}
