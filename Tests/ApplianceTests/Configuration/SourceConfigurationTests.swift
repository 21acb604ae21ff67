import Appliance
import AudioLibrary
import Testing

@Suite struct SourceConfigurationTests {
    @Test func aCommandIsTakenAsItStands() throws {
        let text = """
            music: {classes: {radio: {source: "pipe:a | b 'c d' 2>&1"}, plain: {order: shuffle}}}
            """
        let classes = try Configuration(text: text, file: "F").audio.classes
        #expect(classes["radio"]?.source == "pipe:a | b 'c d' 2>&1")
        #expect(classes["plain"]?.source == nil)
    }

    @Test(arguments: [
        (
            "{source: 'pipe:true', start: beginning}",
            "F:1:51: music.classes.a.start is not live, but a source has no beginning"
        ),
        (
            "{source: 'http://h/radio'}",
            "F:1:31: music.classes.a.source 'http://h/radio' is unknown; write pipe:COMMAND"
        ),
        ("{source: 'pipe:'}", "F:1:31: music.classes.a.source 'pipe:' is unknown; write pipe:"),
    ]) func faultsSayWhere(_ own: String, _ fault: String) {
        let found = faults("music: {classes: {a: \(own)}}")
        #expect(found.count == 1 && found[0].hasPrefix(fault), "\(found)")
    }
}
