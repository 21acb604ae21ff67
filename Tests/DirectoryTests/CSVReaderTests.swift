import Directory
import Testing

@Suite struct CSVReaderTests {
    private static func read(_ text: String) -> [String] {
        read(Array(text.utf8))
    }

    /// Each record as `LINE: fields`, each fault as `LINE! what`.
    private static func read(_ octets: [UInt8]) -> [String] {
        var reader = CSVReader(octets)
        var read: [String] = []
        while true {
            do throws(CSVReader.Fault) {
                guard let record = try reader.next() else { return read }
                read.append("\(record.line): " + record.fields.joined(separator: "|"))
            } catch {
                read.append("\(error.line)! " + error.fault.what)
            }
        }
    }

    @Test(arguments: [
        ("", []), ("\n\r\n\r", []), ("a", ["1: a"]), ("a,b\r\nc,d\r\n", ["1: a|b", "2: c|d"]),
        ("a,b\nc,d", ["1: a|b", "2: c|d"]), ("a\rb\r", ["1: a", "2: b"]), (",", ["1: |"]),
        ("\"a,b\",\"c\"\"d\"\r\n\"\"", ["1: a,b|c\"d", "2: "]),
        ("\"a\r\nb\nc\rd\",e\nf", ["1: a\r\nb\nc\rd|e", "5: f"]),
        ("\u{feff}a,ü", ["1: a|ü"]), ("\n\na", ["3: a"]), (" a , b ", ["1:  a | b "]),
        ("a,b\"c\nd", ["1! a quote inside a field", "2: d"]),
        ("\"a\"b,c\nd", ["1! text behind a closing quote", "2: d"]),
        ("a\n\"b\nc\n", ["1: a", "2! a quote is not closed"]),
    ])
    func reads(_ text: String, _ expected: [String]) { #expect(Self.read(text) == expected) }

    @Test func namesTextThatIsNotUTF8() {
        #expect(
            Self.read(Array("a\nm".utf8) + [0xfc] + Array("ller\nb".utf8))
                == ["1: a", "2! the text is not in UTF-8", "3: b"])
    }
}
