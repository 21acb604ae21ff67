import Foundation
import Mail
import Primitives
import Spool
import Testing

/// A message to compose mails of.
enum Sample {
    static func envelope(
        name: String? = "Zoë Müller", language: String = "en", zone: String = "Europe/Berlin",
        format: AttachmentFormat = .wav
    ) throws -> Envelope {
        // 2026-11-26T18:03:07Z
        let began = WallClockTime(nanoseconds: 1_795_716_187_000_000_000)
        let id = MessageIdentifier(at: began, node: "host1", random: 7)
        var envelope = Envelope(
            id: id, messageID: "<\(id)@example.com>", callID: "c1@192.0.2.1", node: "host1",
            site: "main",
            addressee: Addressee(
                user: "alice", displayName: "Alice", addresses: ["alice@example.com"],
                language: language, timeZone: zone, format: format),
            caller: .init(
                displayName: name, number: "+15550142", uri: "sip:+15550142@carrier.example.net"),
            called: "201", reason: .noAnswer, began: began, sampleRate: 8000)
        envelope.ended = WallClockTime(nanoseconds: began.nanoseconds + 65_000_000_000)
        envelope.ending = .hungUp
        envelope.samples = 65 * 8000
        return envelope
    }

    static func composer(_ change: (inout MailSettings) -> Void = { _ in }) throws -> MailComposer {
        let from = try #require(MailAddress("voicemail@example.com"))
        var settings = MailSettings(from: from, fromName: "Voicemail", templates: .builtIn)
        change(&settings)
        return MailComposer(settings)
    }

    static func mail(
        _ envelope: Envelope, form: MailContent.Form = .message,
        _ change: (inout MailContent) -> Void = { _ in }
    ) throws -> String {
        var content = MailContent(
            envelope: envelope, form: form, recipients: envelope.addressee.addresses)
        change(&content)
        return String(decoding: try composer().compose(content).octets, as: UTF8.self)
    }

    /// Sound of `levels`, each a second of 400 Hz at so many dBFS (nil: silence), as `audio.au`.
    static func audio(_ levels: [Double?], rate: Int = 8000) throws -> String {
        let samples = levels.flatMap { level in
            let amplitude = level.map { 32_767 * pow(10, $0 / 20) } ?? 0
            return (0..<rate).map { index in
                let phase = 2 * Double.pi * 400 * Double(index) / Double(rate)
                return Int16((amplitude * sin(phase)).rounded())
            }
        }
        return try audio(of: samples, rate: rate)
    }

    /// `samples` as `audio.au`.
    static func audio(of samples: [Int16], rate: Int = 8000) throws -> String {
        func word(_ value: UInt32) -> [UInt8] {
            withUnsafeBytes(of: value.bigEndian) { Array($0) }
        }
        var octets =
            Array(".snd".utf8) + word(24) + word(0xFFFF_FFFF) + word(3) + word(UInt32(rate))
            + word(1)
        for value in samples { octets += withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        let path = FileManager.default.temporaryDirectory
            .appending(path: "mail-\(UUID().uuidString).au").path
        try Data(octets).write(to: URL(filePath: path))
        return path
    }
}
