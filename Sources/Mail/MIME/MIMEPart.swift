internal import FoundationEssentials

/// A part of a mail (RFC 2045, 2046).
struct MIMEPart {
    private enum Body {
        case octets([UInt8])
        case parts([MIMEPart], boundary: String)
    }

    var fields: [HeaderField]
    private let body: Body

    /// Text, encoded so that it arrives exactly as it is.
    static func text(_ text: String, subtype: String, language: String? = nil) -> MIMEPart {
        var fields = [
            HeaderField("Content-Type", "text/\(subtype)", parameters: [("charset", "utf-8")]),
            HeaderField("Content-Transfer-Encoding", "quoted-printable"),
        ]
        if let language { fields.append(HeaderField("Content-Language", language)) }
        return MIMEPart(fields: fields, body: .octets(QuotedPrintable.encode(text)))
    }

    /// A file, in base64.
    ///
    /// - Parameter type: the media type and its parameters.
    static func file(
        _ octets: [UInt8], type: String, parameters: [(name: String, value: String)] = [],
        name: String
    ) -> MIMEPart {
        let encoded = Data(octets).base64EncodedData(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        return MIMEPart(
            fields: [
                HeaderField("Content-Type", type, parameters: parameters + [("name", name)]),
                HeaderField("Content-Transfer-Encoding", "base64"),
                HeaderField("Content-Disposition", "attachment", parameters: [("filename", name)]),
            ], body: .octets(Array(encoded)))
    }

    /// Several parts.
    ///
    /// - Parameter boundary: letters, digits and `-`, not those of an outer part; what is written
    ///   begins with `=_`, which occurs neither in quoted-printable nor in base64.
    static func multipart(
        _ subtype: String, _ parts: [MIMEPart], boundary: String,
        parameters: [(name: String, value: String)] = []
    ) -> MIMEPart {
        MIMEPart(
            fields: [
                HeaderField(
                    "Content-Type", "multipart/\(subtype)",
                    parameters: parameters + [("boundary", "=_\(boundary)")])
            ], body: .parts(parts, boundary: "=_\(boundary)"))
    }

    /// Appends the header, an empty line and the body.
    func write(to octets: inout [UInt8]) {
        for field in fields { field.write(to: &octets) }
        octets.append(contentsOf: "\r\n".utf8)
        writeBody(to: &octets)
    }

    /// Appends the body, which ends in CRLF only where it has one.
    func writeBody(to octets: inout [UInt8]) {
        switch body {
        case .octets(let body): octets.append(contentsOf: body)
        case .parts(let parts, let boundary):
            for part in parts {
                octets.append(contentsOf: "--\(boundary)\r\n".utf8)
                part.write(to: &octets)
                octets.append(contentsOf: "\r\n".utf8)
            }
            octets.append(contentsOf: "--\(boundary)--\r\n".utf8)
        }
    }
}
