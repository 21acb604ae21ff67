internal import Foundation
internal import Primitives

/// What may stand in the fields of a profile. Each rule gives the value, or says what is wrong.
enum UserRule {
    /// A user name or alias. It becomes a mailbox's directory and a file's name (`greetings/USER`),
    /// and the user part of an address.
    static func name(_ text: String) throws(UserFault) -> String {
        let allowed = text.unicodeScalars.allSatisfy { scalar in
            "-_.+*#'".unicodeScalars.contains(scalar) || isLetterOrDigit(scalar)
        }
        guard allowed, let first = text.first, !".-".contains(first), text.utf8.count <= 64 else {
            throw UserFault(
                "'\(shown(text))' is no user name",
                "use up to 64 letters, digits and -_.+*#', and begin with no '.' or '-'")
        }
        let small = text.lowercased()
        if ["moh", "voicemail"].contains(small) || small.hasPrefix("moh-")
            || small.hasPrefix("vm-")
        {
            throw UserFault(
                "'\(text)' is an address of the appliance itself", "choose another name")
        }
        return text
    }

    static func number(_ text: String) throws(UserFault) -> String {
        guard let digits = UserKey.digits(text), digits.count <= 20, text.utf8.count <= 64 else {
            throw UserFault(
                "'\(shown(text))' is no telephone number", "write it like +1 555 0100")
        }
        return text
    }

    static func displayName(_ text: String) throws(UserFault) -> String {
        guard text.count <= 128, !hasControl(text) else {
            throw UserFault(
                "'\(shown(text))' is no name to show",
                "write up to 128 characters in one line")
        }
        return text
    }

    static func mailAddress(_ text: String) throws(UserFault) -> String {
        guard MailAddress(text) != nil else {
            throw UserFault(
                "'\(shown(text))' is no mail address", "write it like alice@example.com")
        }
        return text
    }

    static func language(_ text: String) throws(UserFault) -> String {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isTag = parts.allSatisfy { part in
            (1...8).contains(part.count) && part.allSatisfy { $0.isASCII && isAlphanumeric($0) }
        }
        guard isTag, let first = parts.first, (2...3).contains(first.count),
            first.allSatisfy(\.isLetter)
        else {
            throw UserFault("'\(shown(text))' is no language", "write it like en or de-AT")
        }
        return text
    }

    static func timeZone(_ text: String) throws(UserFault) -> String {
        guard text.utf8.count <= 64, TimeZone(identifier: text) != nil else {
            throw UserFault("'\(shown(text))' is no time zone", "write it like Europe/Berlin")
        }
        return text
    }

    /// As the configuration names classes, and the folders in `Media`.
    static func musicClass(_ text: String) throws(UserFault) -> String {
        let isName =
            text.utf8.count <= 63
            && text.allSatisfy { $0.isASCII && (isAlphanumeric($0) || "-_.".contains($0)) }
        guard isName, text.first != "." else {
            throw UserFault(
                "'\(shown(text))' is no music class", "name a folder of Media, such as jazz")
        }
        return text
    }

    static func flag(_ text: String) throws(UserFault) -> Bool {
        switch text.lowercased() {
        case "on", "yes", "true", "1": true
        case "off", "no", "false", "0": false
        default: throw UserFault("'\(shown(text))' is neither on nor off", "write on or off")
        }
    }

    static func word<T>(_ text: String) throws(UserFault) -> T
    where T: RawRepresentable<String> & CaseIterable {
        guard let word = T(rawValue: text.lowercased()) else {
            let words = T.allCases.map(\.rawValue)
            throw UserFault(
                "'\(shown(text))' is not one of \(words.joined(separator: ", "))",
                "write one of these")
        }
        return word
    }

    /// `90s`, `90000ms`, `3m`, `1h`; a number alone is seconds.
    static func length(_ text: String) throws(UserFault) -> Interval {
        let units: [(suffix: String, milliseconds: Int)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("", 1000),
        ]
        if let unit = units.first(where: { text.hasSuffix($0.suffix) }),
            let count = Int(text.dropLast(unit.suffix.count)), (0...7_200_000).contains(count)
        {
            let milliseconds = count * unit.milliseconds
            if (1000...7_200_000).contains(milliseconds) { return .milliseconds(milliseconds) }
        }
        throw UserFault("'\(shown(text))' is no length from 1s to 2h", "write it like 90s or 3m")
    }

    /// A host, a host with a port, or a SIP URI.
    static func server(_ text: String) throws(UserFault) -> String {
        let isAddress = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && scalar.value > 0x20 && scalar.value < 0x7f
                && !"\"<>\\,".unicodeScalars.contains(scalar)
        }
        guard isAddress, text.utf8.count <= 255 else {
            throw UserFault(
                "'\(shown(text))' is no server", "write it like vm.example.com or sip:vm@192.0.2.9")
        }
        return text
    }

    static func webhook(_ text: String) throws(UserFault) -> String {
        guard text.utf8.count <= 2000, !hasControl(text), let url = URL(string: text),
            ["http", "https"].contains(url.scheme?.lowercased()), url.host?.isEmpty == false
        else {
            throw UserFault(
                "'\(shown(text))' is no web address", "write it like https://example.com/hook")
        }
        return text
    }

    static func realm(_ text: String) throws(UserFault) -> String {
        guard !text.isEmpty, text.utf8.count <= 255, !hasControl(text), !text.contains("\"") else {
            throw UserFault("'\(shown(text))' is no realm", "write the SIP domain")
        }
        return text
    }

    /// A hash in hexadecimal digits.
    static func hash(_ text: String, digits: Int) throws(UserFault) -> String {
        guard text.utf8.count == digits, text.allSatisfy(\.isHexDigit) else {
            throw UserFault(
                "'\(shown(text))' is no hash of \(digits) hexadecimal digits",
                "leave it as it was exported, or give a password in its place")
        }
        return text.lowercased()
    }

    /// A password goes into the hash as it is, so one that a phone can't send is refused.
    static func password(_ text: String) throws(UserFault) -> String {
        guard !text.isEmpty, text.utf8.count <= 128, !hasControl(text) else {
            throw UserFault(
                "the password is empty, too long, or has control characters",
                "write up to 128 characters in one line")
        }
        return text
    }

    /// Text as it goes into a message: a hostile file must not drive the terminal.
    private static func shown(_ text: String) -> String {
        let clean = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar
                }))
        return clean.count > 60 ? clean.prefix(60) + "…" : clean
    }

    private static func hasControl(_ text: String) -> Bool {
        text.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .nonspacingMark, .spacingMark, .decimalNumber:
            true
        default: false
        }
    }

    private static func isAlphanumeric(_ character: Character) -> Bool {
        character.isLetter || character.isNumber
    }
}
