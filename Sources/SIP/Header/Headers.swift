/// The header fields of a message, in order, on the octets that they were read from.
///
/// Fields are located, not decoded: a typed accessor reads its value when asked. What isn't touched
/// is serialised byte for byte. Names compare without regard to case, and a compact form is the same
/// name as the long one.
package struct Headers: Sendable {
    /// All octets of a message that was parsed, and behind them those of fields that were added.
    private(set) var storage: [UInt8]
    private(set) var fields: [FieldRecord]

    package init() {
        storage = []
        fields = []
    }

    /// Nothing yet, with room for this much.
    init(capacity octets: Int, fields count: Int) {
        storage = []
        fields = []
        storage.reserveCapacity(octets)
        fields.reserveCapacity(count)
    }

    init(storage: [UInt8], fields: [FieldRecord]) {
        self.storage = storage
        self.fields = fields
    }
}

// MARK: - Raw values

extension Headers {
    /// Field lines.
    package var count: Int { fields.count }

    package func contains(_ name: HeaderName) -> Bool { index(of: name) != nil }

    /// Field lines of this name.
    package func count(of name: HeaderName) -> Int {
        var count = 0
        for field in fields where matches(field, name) { count += 1 }
        return count
    }

    /// The value of the first field of this name, unfolded, as UTF-8 (repaired where it isn't).
    package subscript(first name: HeaderName) -> String? { octets(first: name)?.text }

    /// The values of all field lines of this name, in order; comma lists are not taken apart.
    package func values(of name: HeaderName) -> [String] {
        fields.filter { matches($0, name) }.map { value($0).text }
    }

    /// The elements of all field lines of this name: comma lists taken apart, in order.
    /// - Throws: `malformed` when a quoted string or `<` is never closed.
    package func elements(of name: HeaderName) throws(HeaderError) -> [String] {
        try lists(of: name).map(\.text)
    }

    /// The octets of the first value of this name, unfolded.
    package func octets(first name: HeaderName) -> ArraySlice<UInt8>? {
        index(of: name).map { value(fields[$0]) }
    }

    /// Every field's name, as written, and its value.
    package var all: [(name: String, value: String)] {
        fields.map { (storage[$0.name].text, value($0).text) }
    }

    /// The value of a field without white space around it, each fold being one space.
    func value(_ field: FieldRecord) -> ArraySlice<UInt8> {
        field.isFolded ? Headers.unfolded(storage[field.value])[...] : storage[field.value]
    }

    func values(_ name: HeaderName) -> [ArraySlice<UInt8>] {
        fields.filter { matches($0, name) }.map(value)
    }

    func lists(of name: HeaderName) throws(HeaderError) -> [ArraySlice<UInt8>] {
        var elements: [ArraySlice<UInt8>] = []
        try forEachElement(of: name) { (element) throws(HeaderError) in elements.append(element) }
        return elements
    }

    /// Calls `body` with each element of all field lines of this name.
    /// - Throws: what `body` throws, and `malformed` when a quoted string or `<` is never closed.
    @inline(__always)
    func forEachElement(
        of name: HeaderName, _ body: (ArraySlice<UInt8>) throws(HeaderError) -> Void
    ) throws(HeaderError) {
        for field in fields where matches(field, name) {
            let isWhole = try ValueReader.forEachElement(of: value(field)) {
                (element) throws(HeaderError) in
                try body(element)
                return true
            }
            guard isWhole else { throw HeaderError(.malformed, name) }
        }
    }

    /// The first element of the first field line of this name; nil when there is none.
    func firstElement(of name: HeaderName) throws(HeaderError) -> ArraySlice<UInt8>? {
        guard let value = octets(first: name) else { return nil }
        var first: ArraySlice<UInt8>?
        let isWhole = try ValueReader.forEachElement(of: value) { (element) throws(HeaderError) in
            first = element
            return false
        }
        guard isWhole, let first else { throw HeaderError(.malformed, name) }
        return first
    }

    func index(of name: HeaderName) -> Int? {
        if name.known != .other {
            return fields.firstIndex { $0.known == name.known }
        }
        return fields.firstIndex { matches($0, name) }
    }

    func matches(_ field: FieldRecord, _ name: HeaderName) -> Bool {
        guard field.known == name.known else { return false }
        return field.known != .other || storage[field.name].equalsIgnoringCase(name.spelling)
    }

    /// Each line end with the white space around it becomes one space (RFC 3261 §7.3.1).
    static func unfolded(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(value.count)
        var rest = value
        while let octet = rest.popFirst() {
            guard octet == 0x0d || octet == 0x0a else {
                plain.append(octet)
                continue
            }
            while rest.first?.isLinearWhitespace == true { rest.removeFirst() }
            while plain.last == 0x20 || plain.last == 0x09 { plain.removeLast() }
            plain.append(0x20)
        }
        return plain
    }
}

// MARK: - Changes

extension Headers {
    /// Adds a field at the end. Line ends and NUL in the value become spaces, so that no value can
    /// make a second field.
    package mutating func append(_ name: HeaderName, _ value: some CustomStringConvertible) {
        let field = store(name, value.description.utf8)
        fields.append(field)
    }

    /// Adds a field at the end, its value in octets.
    package mutating func append(_ name: HeaderName, octets: some Collection<UInt8>) {
        let field = store(name, octets)
        fields.append(field)
    }

    /// Adds a field in front of all others.
    package mutating func insertFirst(_ name: HeaderName, _ value: some CustomStringConvertible) {
        let field = store(name, value.description.utf8)
        fields.insert(field, at: 0)
    }

    /// The value becomes the only one of its name, where the first of them was, or at the end.
    package mutating func set(_ name: HeaderName, _ value: some CustomStringConvertible) {
        let field = store(name, value.description.utf8)
        guard let index = index(of: name) else {
            fields.append(field)
            return
        }
        fields[index] = field
        guard count(of: name) > 1 else { return }
        let tail = fields[(index + 1)...].filter { !matches($0, name) }
        fields.replaceSubrange((index + 1)..., with: tail)
    }

    /// Removes all fields of this name.
    package mutating func remove(_ name: HeaderName) {
        fields = fields.filter { !matches($0, name) }
    }

    /// Removes the first element of a list, others on its line stay as they are.
    package mutating func removeFirstElement(of name: HeaderName) {
        replaceFirst(name, nil)
    }

    /// Puts another first element in its place: the top Via with `received`, for example.
    package mutating func replaceFirstElement(
        of name: HeaderName, with element: some CustomStringConvertible
    ) {
        replaceFirst(name, Array(element.description.utf8))
    }

    private mutating func replaceFirst(_ name: HeaderName, _ element: [UInt8]?) {
        guard let index = index(of: name), let first = try? firstElement(of: name) else { return }
        var line = element ?? []
        let rest = value(fields[index])[first.endIndex...]
        line += element == nil ? rest.drop { $0.isLinearWhitespace || $0 == .comma } : rest
        if line.isEmpty {
            fields.remove(at: index)
        } else {
            fields[index] = store(name, line)
        }
    }

    private mutating func store(
        _ name: HeaderName, _ value: some Collection<UInt8>
    ) -> FieldRecord {
        let start = UInt32(truncatingIfNeeded: storage.count)
        storage += name.text.utf8
        let nameEnd = UInt32(truncatingIfNeeded: storage.count)
        storage.append(.colon)
        storage.append(0x20)
        let valueStart = UInt32(truncatingIfNeeded: storage.count)
        storage += value
        var previous: UInt8 = 0
        for index in Int(valueStart)..<storage.count {
            let octet = storage[index]
            // NUL may be quoted by a backslash; a line end may not.
            if octet == 0x0d || octet == 0x0a || (octet == 0 && previous != .backslash) {
                storage[index] = 0x20
            }
            previous = octet
        }
        let valueEnd = UInt32(truncatingIfNeeded: storage.count)
        storage.append(0x0d)
        storage.append(0x0a)
        return FieldRecord(
            known: name.known, start: start, nameEnd: nameEnd, valueStart: valueStart,
            valueEnd: valueEnd, end: UInt32(truncatingIfNeeded: storage.count))
    }
}
