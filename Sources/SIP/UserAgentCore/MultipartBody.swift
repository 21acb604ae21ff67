/// The parts of a `multipart/mixed` or `multipart/alternative` body (RFC 2046 §5.1, RFC 5621 §3).
package struct MultipartBody: Sendable {
    package struct Part: Sendable {
        /// RFC 2046 §5.1: text/plain where it says nothing.
        package var contentType: TokenWithParameters
        package var disposition: TokenWithParameters?
        package var bytes: [UInt8]
    }

    package let parts: [Part]

    /// More parts than this are no session set-up.
    private static let mostParts = 32

    /// - Returns: nil when the type is no multipart, or the boundaries don't enclose anything.
    package init?(_ bytes: [UInt8], contentType: TokenWithParameters) {
        guard contentType.value.utf8.prefix(10).equalsIgnoringCase("multipart/"),
            let boundary = contentType.parameters["boundary"], !boundary.isEmpty
        else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [Part] = []
        var start: Int?
        var line = 0
        while line < bytes.count {
            let end = bytes[line...].firstIndex(of: 0x0a) ?? bytes.count
            let text = bytes[line..<end]
            if text.starts(with: delimiter) {
                let rest = text.dropFirst(delimiter.count)
                let isLast = rest.starts(with: "--".utf8)
                // The line end before a boundary belongs to the boundary.
                if isLast || rest.allSatisfy(\.isLinearWhitespace) {
                    if let start, let part = Part(MultipartBody.withoutLineEnd(bytes[start..<line]))
                    {
                        parts.append(part)
                    }
                    guard !isLast, parts.count < Self.mostParts else { break }
                    start = end + 1
                }
            }
            line = end + 1
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    fileprivate static func withoutLineEnd(_ octets: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var octets = octets
        if octets.last == 0x0a { octets.removeLast() }
        if octets.last == 0x0d { octets.removeLast() }
        return octets
    }
}

extension MultipartBody.Part {
    /// Header fields, an empty line, and the content.
    fileprivate init?(_ octets: ArraySlice<UInt8>) {
        contentType = TokenWithParameters("text/plain")
        disposition = nil
        var line = octets.startIndex
        while line < octets.endIndex {
            let end = octets[line...].firstIndex(of: 0x0a) ?? octets.endIndex
            let field = octets[line..<end].trimmed
            line = min(end + 1, octets.endIndex)
            if field.isEmpty { break }
            guard let colon = field.firstIndex(of: .colon) else { return nil }
            let name = field[..<colon].trimmed
            let value = field[(colon + 1)...].trimmed.text
            if name.equalsIgnoringCase("Content-Type") || name.equalsIgnoringCase("c") {
                guard let type = TokenWithParameters(value) else { return nil }
                contentType = type
            } else if name.equalsIgnoringCase("Content-Disposition") {
                disposition = TokenWithParameters(value)
            }
        }
        bytes = Array(octets[line...])
    }

    /// `handling=required`, said in so many words.
    var isRequired: Bool { disposition?.parameters["handling"]?.lowercased() == "required" }
}
