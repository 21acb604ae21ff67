/// Keeps the last line that a program wrote, for whoever asks why it failed.
struct LastLine: Sendable {
    /// Longer lines are cut.
    private static let limit = 300

    private var whole = ""
    private var partial: [UInt8] = []

    /// - Returns: the lines that are whole now.
    mutating func add(_ octets: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for octet in octets {
            // Programs that count on a terminal end their lines with a carriage return.
            if octet == UInt8(ascii: "\n") || octet == UInt8(ascii: "\r") {
                let line = LastLine.text(partial)
                partial.removeAll(keepingCapacity: true)
                guard !line.isEmpty else { continue }
                whole = line
                lines.append(line)
            } else if partial.count < LastLine.limit {
                partial.append(octet)
            }
        }
        return lines
    }

    var text: String {
        let rest = LastLine.text(partial)
        return rest.isEmpty ? whole : rest
    }

    private static func text(_ octets: [UInt8]) -> String {
        let line = String(decoding: octets.map { $0 < 32 ? 32 : $0 }, as: UTF8.self)
        let words = line.split(separator: " ")
        return words.joined(separator: " ")
    }
}
