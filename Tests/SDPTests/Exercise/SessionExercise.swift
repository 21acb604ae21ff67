import Primitives
import SDP

/// What must hold for any session descriptions that a peer sends, in either role.
///
/// Also what the fuzz targets call (Tests/Fuzz/Targets), hence no test library here.
package enum SessionExercise {
    /// A promise that doesn't hold.
    package struct Broken: Error, CustomStringConvertible {
        package var description: String
        init(_ description: String) { self.description = description }
    }

    static let address = IPAddress(v4: 0xC000_020A)
    static let group = Endpoint(IPAddress(v4: 0xEF0A_0101), port: 21000)

    /// - Parameter octets: the first says who prefers and what there is, the rest is what the peer
    ///   sends in one session, a zero octet between descriptions.
    /// - Returns: how many were descriptions.
    @discardableResult
    package static func run(_ octets: [UInt8]) throws -> Int {
        guard let first = octets.first else { return 0 }
        var answering = machine(first)
        var offering = machine(first)
        var count = 0
        // A session of more than a few exchanges is the same few again.
        for body in octets.dropFirst().split(separator: 0, maxSplits: 5) {
            guard let description = try? SessionDescription(parsing: Array(body)) else { continue }
            count += 1
            try checkWritten(description)
            for stream in description.media {
                _ = (stream.crypto, stream.rtpMaps, stream.packetTime, stream.rtcp)
            }
            try answer(description, &answering)
            try offer(description, &offering)
            // What the peer called its codecs must not keep two of us from agreeing afterwards.
            try agree(&answering, first)
        }
        return count
    }

    private static func machine(_ choice: UInt8) -> OfferAnswer {
        var capabilities = LocalCapabilities(
            formats: [.opus, .g722, .pcmu, .pcma, .l16(8000), .l16(16000), .l16(44100)],
            local: Endpoint(address, port: 16384))
        if choice & 1 != 0 { capabilities.preference = .ours }
        if choice & 2 != 0 { capabilities.families = .ipv4 }
        if choice & 4 != 0 { capabilities.rtcpMux = false }
        if choice & 8 != 0 {
            capabilities.multicastGroups = [.init(group, format: 2)]
        }
        if choice & 16 != 0 { capabilities.localRTCP = Endpoint(address, port: 20001) }
        return OfferAnswer(sessionID: 4711, capabilities: capabilities)
    }

    /// Writing what was read, and reading that: the same.
    private static func checkWritten(_ description: SessionDescription) throws {
        let text = description.text
        guard let again = try? SessionDescription(parsing: Array(text.utf8)) else {
            // Longer than what came, by line ends and what had been left out.
            if text.utf8.count > SDPLimits.default.octets { return }
            throw Broken("what was written can't be read")
        }
        guard again.text == text else { throw Broken("written twice, it differs") }
    }

    private static func answer(
        _ description: SessionDescription, _ machine: inout OfferAnswer
    ) throws {
        let foreseen = try? machine.negotiate(description)
        guard let (answer, audio) = try? machine.answer(to: description) else {
            guard foreseen == nil else { throw Broken("negotiated, but not answered") }
            return
        }
        guard foreseen == audio else { throw Broken("answered otherwise than negotiated") }
        guard answer.media.count == description.media.count else {
            throw Broken("an answer with another number of streams")
        }
        for (ours, theirs) in zip(answer.media, description.media) {
            guard theirs.port != 0 || ours.port == 0 else { throw Broken("port 0 was taken up") }
            guard ours.media == theirs.media, ours.transport == theirs.transport else {
                throw Broken("another kind of stream in the answer")
            }
        }
        guard (try? SessionDescription(parsing: answer.serialised())) == answer else {
            throw Broken("our answer can't be read")
        }
        try check(audio, machine)
    }

    private static func offer(
        _ description: SessionDescription, _ machine: inout OfferAnswer
    ) throws {
        let offer = machine.makeOffer()
        guard (try? SessionDescription(parsing: offer.serialised())) == offer else {
            throw Broken("our offer can't be read")
        }
        if let audio = try? machine.accept(answer: description) {
            try check(audio, machine)
        } else {
            machine.withdrawOffer()
        }
    }

    private static func check(_ audio: NegotiatedAudio, _ machine: OfferAnswer) throws {
        let capabilities = machine.capabilities
        guard capabilities.formats.indices.contains(audio.format), audio.payloadType < 128,
            audio.receivable.allSatisfy({
                $0.key < 128 && capabilities.formats.indices.contains($0.value)
            })
        else { throw Broken("no format of ours") }
        guard capabilities.packetTimes.contains(audio.packetTime) else {
            throw Broken("no packet time of ours")
        }
        for target in [audio.remote, audio.remoteRTCP].compactMap({ $0 }) where !audio.isMulticast {
            let address = target.address
            guard !address.isUnspecified, !address.isMulticast, !address.isLimitedBroadcast,
                target.port != 0
            else { throw Broken("media would go to \(target)") }
            guard capabilities.families.contains(address.isIPv6 ? .ipv6 : .ipv4) else {
                throw Broken("media would go over an address family that isn't there")
            }
        }
    }

    /// Our own offer, after whatever went before, is one that we take ourselves.
    private static func agree(_ machine: inout OfferAnswer, _ choice: UInt8) throws {
        let offer = machine.makeOffer()
        defer { machine.withdrawOffer() }
        let names = offer.media.first { $0.isAudio && $0.port != 0 }?.rtpMaps.count ?? 0
        // A peer that names every number leaves none for us.
        guard names > 0 else { return }
        var other = self.machine(choice & ~1)
        other.capabilities.multicastGroups = []
        guard let (answer, _) = try? other.answer(to: offer) else {
            throw Broken("our own offer can't be answered")
        }
        do {
            _ = try machine.accept(answer: answer)
        } catch {
            throw Broken("the answer to our offer can't be used: \(error)")
        }
    }
}
