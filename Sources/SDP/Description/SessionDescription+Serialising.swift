extension SessionDescription {
    /// The description with every line in the order of RFC 8866 §5 and CRLF ends.
    package func serialised() -> [UInt8] { Array(text.utf8) }

    package var text: String {
        var out = "v=0\r\no=\(origin.line)\r\ns=\(name.isEmpty ? "-" : name)\r\n"
        append(&out, otherLines, before: true, in: Self.sessionOrder)
        if let connection { out += "c=\(connection.line)\r\n" }
        append(&out, otherLines, before: false, in: Self.sessionOrder)
        append(&out, attributes)
        for stream in media {
            out += "m=\(stream.line)\r\n"
            append(&out, stream.otherLines, before: true, in: "i")
            if let connection = stream.connection { out += "c=\(connection.line)\r\n" }
            append(&out, stream.otherLines, before: false, in: "i")
            append(&out, stream.attributes)
        }
        return out
    }

    /// Session lines that stand before `c=`.
    private static let sessionOrder = "iuep"

    private func append(
        _ out: inout String, _ lines: [Line], before: Bool, in letters: String
    ) {
        for line in lines where letters.utf8.contains(line.type) == before {
            out.unicodeScalars.append(Unicode.Scalar(line.type))
            out += "=\(line.value)\r\n"
        }
    }

    private func append(_ out: inout String, _ attributes: [Attribute]) {
        for attribute in attributes {
            out += "a=\(attribute.name)"
            if let value = attribute.value { out += ":\(value)" }
            out += "\r\n"
        }
    }
}
