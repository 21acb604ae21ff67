internal import CIDN

/// An address that mail can go to (RFC 5321 §4.1.2, RFC 6531 §3.3), without quotes or comments, of the
/// lengths of RFC 5321 §4.5.3.1.
package struct MailAddress: Hashable, Sendable {
    package let localPart: String
    /// ASCII: what was written in other letters is here as A-labels (RFC 5890 §2.3.2.1), which need
    /// no SMTPUTF8.
    package let domain: String

    /// Nil unless `text` is `LOCAL@DOMAIN` and can stand in a header field and an SMTP command
    /// without being read as something else. Letters beyond ASCII are allowed, in a domain those of
    /// IDNA2008 (RFC 5892).
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 320, (1...64).contains(parts[0].utf8.count),
            !parts[1].isEmpty,
            parts[0].unicodeScalars.allSatisfy(MailAddress.isText),
            parts[1].unicodeScalars.allSatisfy(MailAddress.isHost),
            let domain = MailAddress.ascii(parts[1]),
            // The wide forms of '@' and '.', too, have become these.
            domain.unicodeScalars.allSatisfy({ $0.isASCII && MailAddress.isHost($0) }),
            !domain.split(separator: ".", omittingEmptySubsequences: false)
                .contains(where: \.isEmpty),
            parts[0].utf8.count + 1 + domain.utf8.count <= 254
        else { return nil }
        localPart = String(parts[0])
        self.domain = domain
    }

    package var isASCII: Bool { localPart.utf8.allSatisfy { $0 < 0x80 } }

    /// As MAIL FROM and RCPT TO have it.
    package var text: String { "\(localPart)@\(domain)" }

    /// As a header field has it: with quotes where dots stand together or at an end, as some
    /// Japanese operators gave them out.
    package var field: String {
        let isDotAtom = !localPart.split(separator: ".", omittingEmptySubsequences: false)
            .contains(where: \.isEmpty)
        return isDotAtom ? "<\(text)>" : "<\"\(localPart)\"@\(domain)>"
    }

    /// A domain with its U-labels as A-labels; nil where IDNA2008 has none for them.
    private static func ascii(_ domain: Substring) -> String? {
        guard domain.utf8.contains(where: { $0 >= 0x80 }) else { return String(domain) }
        var found: UnsafeMutablePointer<UInt8>?
        let result = String(domain).withCString(encodedAs: UTF8.self) {
            // Of a capital or a wide letter the usual form (UTS #46), as browsers do.
            idn2_lookup_u8($0, &found, Int32(IDN2_NONTRANSITIONAL.rawValue))
        }
        defer { idn2_free(found) }
        guard result == IDN2_OK.rawValue, let found else { return nil }
        return String(cString: found)
    }

    private static func isText(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80
            ? isAlphanumeric(scalar) || "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
            : VisibleText.line(String(scalar)) == String(scalar)
    }

    private static func isHost(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80
            ? isAlphanumeric(scalar) || scalar == "-" || scalar == "."
            : VisibleText.line(String(scalar)) == String(scalar)
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
