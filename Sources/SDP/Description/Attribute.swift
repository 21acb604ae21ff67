/// An `a=` line (RFC 8866 §5.13).
package struct Attribute: Hashable, Sendable {
    /// As written; attribute names are compared exactly, as RFC 8866 §5.13 has them.
    package var name: String
    /// Nil for a property such as `a=sendonly`.
    package var value: String?

    package init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }

    /// Reads what stands after `a=`.
    init(line: Substring) {
        let (name, value) = line.cut(UInt8(ascii: ":"))
        self.name = String(name.trimmed)
        self.value = value.map(String.init)
    }
}

extension Sequence<Attribute> {
    /// The value of the first attribute of that name that has one.
    func value(of name: String) -> Substring? {
        for attribute in self where attribute.name == name {
            if let value = attribute.value { return value[...].trimmed }
        }
        return nil
    }
}
