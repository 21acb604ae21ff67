/// An address that mail can go to (RFC 5321 §4.1.2, RFC 6531 §3.3), without quotes or comments.
package struct MailAddress: Hashable, Sendable {
    package let localPart: String
    package let domain: String

    /// Nil unless `text` is `LOCAL@DOMAIN` and can stand in a header field and an SMTP command
    /// without being read as something else. Letters beyond ASCII are allowed.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 320, !parts[0].isEmpty, !parts[1].isEmpty,
            parts[0].unicodeScalars.allSatisfy(MailAddress.isText),
            parts[1].unicodeScalars.allSatisfy(MailAddress.isHost),
            !parts[1].split(separator: ".", omittingEmptySubsequences: false)
                .contains(where: \.isEmpty)
        else { return nil }
        localPart = String(parts[0])
        domain = String(parts[1])
    }

    package var isASCII: Bool { (localPart + domain).utf8.allSatisfy { $0 < 0x80 } }

    /// As MAIL FROM and RCPT TO have it.
    package var text: String { "\(localPart)@\(domain)" }

    /// As a header field has it: with quotes where dots stand together or at an end, as some
    /// Japanese operators gave them out.
    var field: String {
        let isDotAtom = !localPart.split(separator: ".", omittingEmptySubsequences: false)
            .contains(where: \.isEmpty)
        return isDotAtom ? "<\(text)>" : "<\"\(localPart)\"@\(domain)>"
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
