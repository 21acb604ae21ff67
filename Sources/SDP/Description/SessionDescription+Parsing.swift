extension SessionDescription {
    package init(parsing octets: [UInt8], limits: SDPLimits = .default) throws(SDPError) {
        guard octets.count <= limits.octets else { throw .tooLong }
        self.init(origin: Origin(), otherLines: [])
        var number = 0
        var isFirst = true
        // A C string's end is sometimes sent with it.
        let octets = octets[..<(octets.lastIndex { $0 != 0 }.map { $0 &+ 1 } ?? 0)]
        for raw in octets.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            var line = raw
            while let last = line.last, last == 0x20 || last == 0x09 {
                line.removeLast()
            }
            while let first = line.first, first == 0x20 || first == 0x09 { line.removeFirst() }
            guard let type = line.first else { continue }
            number += 1
            guard number <= limits.lines else { throw .tooMany }
            // RFC 4475 has `m =video` in one of its bodies (§3.1.1.8).
            let rest = line.dropFirst().drop { $0 == 0x20 }
            guard rest.first == UInt8(ascii: "="), (0x41...0x7a).contains(type) else {
                throw isFirst ? .version : .malformed(line: number)
            }
            let text = String(decoding: rest.dropFirst(), as: UTF8.self)
            if isFirst {
                guard type == UInt8(ascii: "v"), text[...].trimmed == "0" else { throw .version }
                isFirst = false
                continue
            }
            guard try read(type, text, limits) else { throw .malformed(line: number) }
        }
        guard !isFirst else { throw .version }
    }

    /// Takes in one line; false when its value can't be read.
    private mutating func read(
        _ type: UInt8, _ text: String, _ limits: SDPLimits
    ) throws(SDPError) -> Bool {
        let value = text[...]
        switch type {
        case UInt8(ascii: "m"):
            guard media.count < limits.media else { throw .tooMany }
            guard let description = MediaDescription(line: value) else { return false }
            guard description.formats.count <= limits.formats else { throw .tooMany }
            media.append(description)
        case UInt8(ascii: "a"):
            let attribute = Attribute(line: value)
            if media.isEmpty {
                attributes.append(attribute)
            } else {
                media[media.count - 1].attributes.append(attribute)
            }
        case UInt8(ascii: "c"):
            guard let line = Connection(line: value) else { return false }
            if media.isEmpty {
                if connection == nil { connection = line }
            } else if media[media.count - 1].connection == nil {
                media[media.count - 1].connection = line
            } else {
                media[media.count - 1].otherLines.append(Line(type: type, value: text))
            }
        case UInt8(ascii: "o") where media.isEmpty:
            origin = Origin(line: value)
        case UInt8(ascii: "s") where media.isEmpty:
            name = text
        default:
            let line = Line(type: type, value: text)
            if media.isEmpty {
                otherLines.append(line)
            } else {
                media[media.count - 1].otherLines.append(line)
            }
        }
        return true
    }
}
