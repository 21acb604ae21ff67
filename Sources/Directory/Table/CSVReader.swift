/// Comma-separated values (RFC 4180), record by record.
///
/// Lines may end with CR LF, LF or CR, and a byte order mark is passed over. What RFC 4180 leaves
/// open is refused rather than guessed: quotes inside a field without quotes, text behind a closing
/// quote. After a fault reading goes on with the next line, so that all faults are found at once.
package struct CSVReader: Sendable {
    package struct Record: Sendable, Equatable {
        /// Where the record begins; the file's first line is 1.
        package var line: Int
        package var fields: [String]
    }

    package struct Fault: Error, Hashable, Sendable {
        package var line: Int
        package var fault: UserFault
    }

    private let octets: [UInt8]
    private var position = 0
    private var line = 1

    package init(_ octets: [UInt8]) {
        self.octets = octets
        if octets.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    }

    /// The next record that isn't an empty line; nil at the end.
    package mutating func next() throws(Fault) -> Record? {
        while position < octets.count {
            if skipLineEnd() { continue }
            let start = line
            do throws(Fault) {
                return Record(line: start, fields: try fields())
            } catch {
                skipLine()
                throw error
            }
        }
        return nil
    }

    private mutating func fields() throws(Fault) -> [String] {
        var fields: [String] = []
        while true {
            fields.append(try current == quote ? quoted() : plain())
            guard current == comma else { break }
            position += 1
        }
        _ = skipLineEnd()
        return fields
    }

    private mutating func plain() throws(Fault) -> String {
        let start = position
        while let octet = current, octet != comma, octet != lineFeed, octet != carriageReturn {
            guard octet != quote else {
                throw fault("a quote inside a field", "put the field in quotes and double it")
            }
            position += 1
        }
        return try text(octets[start..<position])
    }

    private mutating func quoted() throws(Fault) -> String {
        let start = line
        var content: [UInt8] = []
        position += 1
        while let octet = current {
            if octet == quote {
                position += 1
                guard current == quote else {
                    guard isFieldEnd else {
                        throw fault("text behind a closing quote", "double the quotes in a field")
                    }
                    return try text(content[...])
                }
            } else if octet == lineFeed || (octet == carriageReturn && following != lineFeed) {
                line += 1
            }
            content.append(octet)
            position += 1
        }
        throw Fault(
            line: start, fault: UserFault("a quote is not closed", "close it, or double it"))
    }

    private func text(_ octets: ArraySlice<UInt8>) throws(Fault) -> String {
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw fault("the text is not in UTF-8", "save the file as UTF-8")
        }
        return text
    }

    private func fault(_ what: String, _ remedy: String) -> Fault {
        Fault(line: line, fault: UserFault(what, remedy))
    }

    private mutating func skipLine() {
        while let octet = current, octet != lineFeed, octet != carriageReturn { position += 1 }
        _ = skipLineEnd()
    }

    private mutating func skipLineEnd() -> Bool {
        switch current {
        case lineFeed: position += 1
        case carriageReturn: position += following == lineFeed ? 2 : 1
        default: return false
        }
        line += 1
        return true
    }

    private var current: UInt8? { position < octets.count ? octets[position] : nil }

    private var following: UInt8? {
        position + 1 < octets.count ? octets[position + 1] : nil
    }

    private var isFieldEnd: Bool {
        switch current {
        case nil, comma, lineFeed, carriageReturn: true
        default: false
        }
    }

    private let quote = UInt8(ascii: "\"")
    private let comma = UInt8(ascii: ",")
    private let lineFeed = UInt8(ascii: "\n")
    private let carriageReturn = UInt8(ascii: "\r")
}
