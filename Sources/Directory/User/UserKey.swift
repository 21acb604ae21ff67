internal import Foundation

/// What is looked up: a user name, an alias or a number, as it stands in an address.
///
/// RFC 3261 §19.1.4 compares user parts with regard to case. Here they compare without, and in
/// Unicode's composed form: an administrator who has `Alice` means nobody else by `alice`, and the
/// call that a careless dial plan wrote in capitals still finds its mailbox.
///
/// Numbers compare by their digits: without the separators that people write (RFC 3966 §5.1.1,
/// blanks and `/`), and an international one without its `+` or `00`, since carriers disagree about
/// these. `*` and `#` belong to a name.
package struct UserKey: Hashable, Sendable {
    /// In the order in which they are tried: the text itself, then its digits if it is a number.
    package let candidates: [String]

    /// The longest text that is looked up, in octets of UTF-8.
    package static let maximumLength = 128

    /// - Returns: nil for what no user can be called: nothing, too much, or control characters.
    package init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.count <= UserKey.maximumLength,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return nil }
        let name =
            text.utf8.allSatisfy { $0 < 0x80 }
            ? text.lowercased() : text.lowercased().precomposedStringWithCanonicalMapping
        let digits = UserKey.digits(name)
        candidates = digits == nil || digits == name ? [name] : [name, digits ?? name]
    }

    /// The digits of a number in one form for every way to write it; nil for what is none.
    ///
    /// `+` and `00` go away only before seven digits or more: `001` is somebody's extension.
    package static func digits(_ text: String) -> String? {
        let isGlobal = text.unicodeScalars.first == "+"
        var digits = ""
        for scalar in isGlobal ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...] {
            switch scalar {
            case "0"..."9": digits.unicodeScalars.append(scalar)
            case "-", ".", "(", ")", "/", " ", "\u{a0}", "\u{2009}", "\u{202f}": continue
            default: return nil
            }
        }
        guard !digits.isEmpty else { return nil }
        if isGlobal { return digits.count >= shortestInternational ? digits : "+" + digits }
        let national = digits.dropFirst(2)
        return digits.hasPrefix("00") && national.count >= shortestInternational
            ? String(national) : digits
    }

    /// No country code and subscriber number together have fewer digits.
    private static let shortestInternational = 7
}
