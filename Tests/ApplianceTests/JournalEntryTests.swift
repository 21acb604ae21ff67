import Appliance
import Logging
import Testing

@Suite struct JournalEntryTests {
    private func text(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        let entry = JournalEntry(level: .warning, message: message, metadata: metadata)
        return String(decoding: entry.octets, as: UTF8.self)
    }

    @Test func metadataAreFields() {
        #expect(
            text("refused", ["call-id": "a@b", "class": "jazz"])
                == "MESSAGE=refused\nPRIORITY=4\nSYSLOG_IDENTIFIER=intermezzo\n"
                + "CALL_ID=a@b\nCLASS=jazz\n")
    }

    /// What strangers send makes no fields of its own.
    @Test func aValueWithLineEndsHasItsLength() {
        #expect(
            text("a\nPRIORITY=0").hasPrefix(
                "MESSAGE\n\u{c}\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=4\n"))
    }

    @Test(arguments: [
        ("message", "X_MESSAGE"), ("Priority", "X_PRIORITY"), ("_pid", "X__PID"), ("1st", "X_1ST"),
        ("", "X_"), ("ü", "X___"),
        (String(repeating: "a", count: 99), String(repeating: "A", count: 62)),
    ]) func namesAreThoseOfTheJournal(_ key: String, _ name: String) {
        #expect(text("m", [key: "v"]).hasSuffix("intermezzo\n\(name)=v\n"))
    }

    @Test func theJournalTakesWhatIsLogged() throws {
        let listener = try DatagramListener()
        let threshold = LogThreshold(.info)
        let journal = try #require(DatagramSender(path: listener.path))
        var logger = Logger(label: "test") { _ in
            LineLogHandler(style: .journald, threshold: threshold, journal: journal)
        }
        logger[metadataKey: "call-id"] = "c"
        logger.notice("hello", metadata: ["n": "1"])
        #expect(
            listener.nextText()
                == "MESSAGE=hello call-id=c n=1\nPRIORITY=5\nSYSLOG_IDENTIFIER=intermezzo\n"
                + "CALL_ID=c\nN=1\n")
        // The level is that of all loggers, from one moment to the next.
        logger.debug("unheard")
        #expect(listener.next() == nil)
        threshold.level = .debug
        logger.debug("heard")
        #expect(listener.nextText()?.hasPrefix("MESSAGE=heard call-id=c\nPRIORITY=7\n") == true)
        logger.logLevel = .critical
        logger.error("unheard")
        #expect(listener.next() == nil)
    }
}
