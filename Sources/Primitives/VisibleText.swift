/// Text from the network, made fit for a mail: what breaks lines, can't be seen or turns the order of
/// letters around is left out, so that nothing a caller says can be a header field or look like
/// another's name.
package enum VisibleText {
    /// One line: every run of white space and line ends becomes one space, none at either end.
    ///
    /// - Parameter limit: Unicode scalars; what is longer ends in `…`.
    package static func line(_ text: String, limit: Int = 128) -> String {
        var kept = String.UnicodeScalarView()
        var count = 0
        var isSpaceDue = false
        for scalar in text.unicodeScalars {
            if isSpace(scalar) {
                isSpaceDue = count > 0
            } else if !isHidden(scalar) {
                guard count + (isSpaceDue ? 1 : 0) < limit else {
                    kept.append("…")
                    break
                }
                if isSpaceDue {
                    kept.append(" ")
                    count += 1
                    isSpaceDue = false
                }
                kept.append(scalar)
                count += 1
            }
        }
        return String(kept)
    }

    /// Several lines, each as ``line(_:limit:)`` makes it; empty ones at either end are left out.
    package static func block(_ text: String, limit: Int = 20_000) -> String {
        var left = limit
        var lines: [String] = []
        for part in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            guard left > 0 else { break }
            let line = line(String(part), limit: left)
            left -= line.unicodeScalars.count + 1
            if !line.isEmpty || !lines.isEmpty { lines.append(line) }
        }
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
            0x3000:
            true
        default: false
        }
    }

    /// Controls, marks of direction, joiners that don't join, tags and what is no character. The
    /// joiners of emoji and of Persian (U+200C, U+200D) and the variation selectors stay.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x202A...0x202E,
            0x2060...0x206F, 0xFDD0...0xFDEF, 0xFEFF, 0xFFF0...0xFFFB, 0xE0000...0xE0FFF:
            true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }
}
