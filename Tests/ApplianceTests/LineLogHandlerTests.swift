import Appliance
import Foundation
import Logging
import Testing

@Suite struct LineLogHandlerTests {
    static let time = LogTime(seconds: 1_795_592_973, milliseconds: 48)
    static let stamp = "2026-11-25T07:49:33.048Z"

    private func line(
        _ style: LineLogHandler.Style, _ message: String, _ metadata: Logger.Metadata = [:]
    ) -> String {
        LineLogHandler.line(
            style, level: .warning, message: message, metadata: metadata, at: Self.time)
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00.000Z"), (1_709_164_800, 7, "2024-02-29T00:00:00.007Z"),
        (1_795_592_973, 948, "2026-11-25T07:49:33.948Z"),
    ]) func theTimeIsWholeAndUTC(_ seconds: Int, _ milliseconds: Int, _ text: String) {
        #expect(LogTime(seconds: seconds, milliseconds: milliseconds).description == text)
    }

    @Test func textIsForPeople() {
        #expect(
            line(.text, "refused", ["call-id": "a b", "class": "jazz", "empty": ""])
                == "\(Self.stamp) WARNING refused call-id=\"a b\" class=jazz empty=\"\"\n")
        #expect(
            line(.journald, "refused", ["k": "say \"x\""]) == "<4>refused k=\"say \\\"x\\\"\"\n")
    }

    /// What strangers send makes no lines of its own.
    @Test(arguments: ["a\nb", "a\r\nb", "a\u{1b}[2Jb", "a\u{85}b", "a\u{7f}b"])
    func aLineStaysOne(_ text: String) {
        for style in [LineLogHandler.Style.text, .journald] {
            let line = line(style, text, ["k": .string(text)])
            let controls = line.unicodeScalars.filter { $0.properties.generalCategory == .control }
            #expect(controls.count == 1 && line.hasSuffix("\n"))
        }
        #expect(line(.json, text).filter(\.isNewline).count <= 2)
    }

    @Test(arguments: [
        "plain", "", "say \"x\"", "back\\slash", "a\nb\rc\td", "\u{0}\u{1}\u{1f}", "ü €/🎵",
        "\u{2028}",
    ]) func jsonSaysWhatWasLogged(_ text: String) throws {
        let line = line(.json, text, ["call-id": .string(text), "level": "lies"])
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(
            object == [
                "message": text, "call-id": text, "level": "warning", "time": Self.stamp,
            ])
        #expect(line.hasSuffix("}\n") && !line.dropLast().utf8.contains(10))
    }
}
