import Foundation
import Glibc
import Mail
import Primitives
import Spool

/// Mails made one after the other on one thread: the same message of 30 s, in each form.
struct Row: Encodable {
    var work: String
    var mailsPerSecond: Double
    var octets: Int
}

let seconds = 30
let rate = 8000

/// Thirty seconds of hum and noise as `audio.au`.
func recording() throws -> String {
    func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
    var octets = Array(".snd".utf8) + word(24) + word(0xFFFF_FFFF) + word(3) + word(rate) + word(1)
    var state: UInt32 = 1
    for index in 0..<(seconds * rate) {
        state = state &* 1_664_525 &+ 1_013_904_223
        let noise = Double(Int32(bitPattern: state)) / 2_147_483_648
        let value = 2000 * sin(Double(index) * 0.3) + 500 * noise
        octets += withUnsafeBytes(of: Int16(value).bigEndian) { Array($0) }
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "mail-bench-\(getpid()).au")
    try Data(octets).write(to: path)
    return path.path
}

func measure(_ work: String, _ composer: MailComposer, _ content: MailContent) throws -> Row {
    let clock = ContinuousClock()
    var mails = 0
    var octets = 0
    let began = clock.now
    while clock.now - began < .seconds(1) {
        octets = try composer.compose(content).octets.count
        mails += 1
    }
    let time = clock.now - began
    let spent = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    return Row(work: work, mailsPerSecond: Double(mails) / spent, octets: octets)
}

guard let from = MailAddress("voicemail@example.com") else { exit(1) }
let plain = MailComposer(MailSettings(from: from, fromName: "Voicemail", templates: .builtIn))
let began = WallClockTime(nanoseconds: 1_795_716_187_000_000_000)
let id = MessageIdentifier(at: began, node: "host1", random: 7)
var envelope = Envelope(
    id: id, messageID: "<\(id)@example.com>", callID: "c", node: "host1", site: "main",
    addressee: Addressee(
        user: "alice", addresses: ["alice@example.com"], language: "de",
        timeZone: "Europe/Berlin"),
    caller: .init(displayName: "Zoë Müller", number: "+15550142", uri: "sip:+15550142@example.net"),
    called: "201", reason: .noAnswer, began: began, sampleRate: rate)
envelope.ended = began
envelope.samples = seconds * rate
let path = try recording()
defer { unlink(path) }

var rows = [
    try measure("text alone", plain, MailContent(envelope: envelope, recipients: ["a@example.com"]))
]
for format in AttachmentFormat.allCases {
    envelope.addressee.format = format
    var content = MailContent(envelope: envelope, recipients: ["a@example.com"])
    content.recording = path
    rows.append(try measure("\(seconds) s as \(format.rawValue)", plain, content))
}
print(String(decoding: try JSONEncoder().encode(rows), as: UTF8.self))
