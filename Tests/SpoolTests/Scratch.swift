import Foundation
import Primitives
import Spool

/// A spool in a directory of the test's own, which goes with it.
final class Scratch {
    let directory: String

    init() throws {
        var template = Array("/tmp/intermezzo-spool-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        directory = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func spool(_ faults: Faults = .none) throws -> Spool {
        try Spool(directory: "\(directory)/spool", faults: faults)
    }

    static func envelope(_ random: UInt64 = 1, user: String = "alice") -> Envelope {
        let now = WallClockTime(nanoseconds: 1_800_000_000_000_000_000)
        let id = MessageIdentifier(at: now, node: "n", random: random)
        return Envelope(
            id: id, messageID: "<\(id)@example.com>", callID: "c\(random)", node: "n", site: "s",
            addressee: Addressee(user: user, addresses: ["\(user)@example.com"]),
            caller: .init(number: "+15550100", uri: "sip:+15550100@example.com"), called: user,
            reason: .noAnswer, began: now, sampleRate: 8000)
    }

    /// An `audio.au` whose header says nothing of its length, as one that was cut off.
    static func audio(samples: Int, rate: UInt32 = 8000) -> Data {
        var data = Data(".snd".utf8)
        for word in [24, 0xFFFF_FFFF, 3, rate, 1] as [UInt32] {
            withUnsafeBytes(of: word.bigEndian) { data.append(contentsOf: $0) }
        }
        for index in 0..<samples {
            withUnsafeBytes(of: Int16(index % 1000).bigEndian) { data.append(contentsOf: $0) }
        }
        return data
    }
}
