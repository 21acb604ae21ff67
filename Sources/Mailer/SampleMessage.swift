internal import FoundationEssentials
import Glibc
internal import Primitives
package import Spool

/// A message that nobody spoke: to test the way to a mailbox, and for tests of ours.
package struct SampleMessage: Sendable {
    package var addressee: Addressee
    package var node: String
    package var site: String
    /// What stands right of the `@` of its Message-ID.
    package var domain: String
    package var seconds = 2.0

    package init(addressee: Addressee, node: String, site: String, domain: String) {
        self.addressee = addressee
        self.node = node
        self.site = site
        self.domain = domain
    }

    /// Takes it the way that a recorded message takes, up to the queue.
    package func deposit(in spool: Spool) throws(SpoolError) -> Envelope {
        let now = WallClockTime.now
        let id = MessageIdentifier(at: now, node: node, random: .random(in: .min ... .max))
        var envelope = Envelope(
            id: id, messageID: "<\(id)@\(domain)>", callID: "test", node: node, site: site,
            addressee: addressee,
            caller: .init(displayName: "Test of the mail", uri: "sip:test@\(domain)"),
            called: addressee.user, reason: .direct, began: now, sampleRate: 8000)
        let lock = try spool.shareRecordings()
        defer { withExtendedLifetime(lock) {} }
        let path = try spool.begin(envelope)
        do throws(SystemError) {
            try DirectoryHandle(path).write(Spool.audioFile, SampleMessage.tone(seconds))
        } catch {
            throw .system(error)
        }
        envelope.samples = AudioLength.samples(inFileAt: "\(path)/\(Spool.audioFile)")
        envelope.ended = WallClockTime(nanoseconds: now.nanoseconds &+ Int64(seconds * 1e9))
        envelope.ending = .hungUp
        try spool.finish(envelope)
        Trace(spool).add(TraceEvent(.queued, envelope, text: "a test"))
        return envelope
    }

    /// 440 Hz as an `audio.au` of 8 kHz.
    private static func tone(_ seconds: Double) -> Data {
        var data = Data(".snd".utf8)
        let count = Int(max(0, min(seconds, 3600)) * 8000)
        for word in [24, UInt32(2 * count), 3, 8000, 1] {
            withUnsafeBytes(of: word.bigEndian) { data.append(contentsOf: $0) }
        }
        for index in 0..<count {
            let value = Int16(8000 * sin(2 * Double.pi * 440 * Double(index) / 8000))
            withUnsafeBytes(of: value.bigEndian) { data.append(contentsOf: $0) }
        }
        return data
    }
}
