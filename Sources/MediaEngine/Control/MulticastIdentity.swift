import Playout

/// What a group's packets are marked with: the same on every node that has the same site seed.
package struct MulticastIdentity: Equatable, Sendable {
    package let ssrc: UInt32
    package let sequenceBase: UInt16
    package let timestampBase: UInt32

    package init(_ parameters: MulticastParameters, siteSeed: UInt64) {
        // FNV-1a: Swift's own hash differs from process to process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ octet: UInt8) { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        for octet in parameters.classID.name.utf8 { add(octet) }
        add(parameters.format.rawValue)
        for octet in "\(parameters.group)".utf8 { add(octet) }
        var random = SplitMix64(seed: hash ^ siteSeed)
        ssrc = UInt32(truncatingIfNeeded: random.next())
        sequenceBase = UInt16(truncatingIfNeeded: random.next())
        timestampBase = UInt32(truncatingIfNeeded: random.next())
    }
}
