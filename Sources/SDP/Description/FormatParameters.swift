/// What an `a=fmtp` says after the payload type: `name=value` pairs split by semicolons, or text.
package struct FormatParameters: Hashable, Sendable {
    package let text: String

    package init(_ text: some StringProtocol) { self.text = String(text) }

    /// The value of the first parameter of that name, whatever its case; blanks are taken off.
    package subscript(_ name: String) -> Substring? {
        for part in text[...].parts(UInt8(ascii: ";")) {
            let (key, value) = part.cut(UInt8(ascii: "="))
            if let value, key.trimmed.isSame(as: name) { return value.trimmed }
        }
        return nil
    }
}
