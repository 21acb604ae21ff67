import Yams

/// A mapping of the configuration file, read key by key.
///
/// Every read states the key's default, once. What is wrong is noted and the default is taken, so
/// that one run finds every fault; ``finish()`` reports the keys that nobody asked for.
final class ConfigurationSection {
    /// Takes faults and warnings of all sections of one file.
    final class Faults {
        let file: String
        var all: [ConfigurationFault] = []
        /// What works, and is hardly meant.
        var warnings: [ConfigurationFault] = []
        init(file: String) { self.file = file }

        func note(_ mark: Mark?, _ what: String, _ remedy: String) {
            all.append(fault(mark, what, remedy))
        }

        func warn(_ mark: Mark?, _ what: String, _ remedy: String) {
            warnings.append(fault(mark, "warning: \(what)", remedy))
        }

        private func fault(_ mark: Mark?, _ what: String, _ remedy: String) -> ConfigurationFault {
            ConfigurationFault(
                file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, what: what,
                remedy: remedy)
        }
    }

    /// What a key begins with that has been found to stand twice.
    static let hidden: Unicode.Scalar = "\u{E000}"

    let faults: Faults
    /// Where this section stands, such as `music.classes.jazz`; empty for the whole file.
    let path: String
    let mark: Mark?
    private var entries: [(key: String, keyMark: Mark?, node: Node)] = []
    private var asked: [String] = []

    init(_ node: Node?, path: String, faults: Faults) {
        self.faults = faults
        self.path = path
        mark = node?.mark
        guard let node, node.isGiven else { return }
        guard case .mapping(let mapping) = node else {
            faults.note(node.mark, "'\(path)' is not a section", "write keys below it, indented")
            return
        }
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            if name.unicodeScalars.first != ConfigurationSection.hidden {
                entries.append((name, key.mark, value))
            }
        }
    }

    private func node(_ key: String) -> Node? {
        asked.append(key)
        guard let node = entries.first(where: { $0.key == key })?.node, node.isGiven
        else { return nil }
        return node
    }

    /// A key with the path to it.
    func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Where a key's value stands; nil when it isn't given.
    func mark(of key: String) -> Mark? { entries.first { $0.key == key }?.node.mark }

    /// Whether a key stands here with more than `null`.
    func isGiven(_ key: String) -> Bool {
        entries.contains { $0.key == key && $0.node.isGiven }
    }

    func note(_ key: String, _ what: String, _ remedy: String) {
        faults.note(mark(of: key) ?? mark, what, remedy)
    }

    func warn(_ key: String, _ what: String, _ remedy: String) {
        faults.warn(mark(of: key) ?? mark, what, remedy)
    }

    /// Notes each key of `values` that has none and isn't given; what is given and at fault has been
    /// noted already.
    func require(_ values: KeyValuePairs<String, String?>, _ remedy: String) {
        for (key, value) in values where value == nil && !isGiven(key) {
            faults.note(mark, "\(path) has no \(key)", remedy)
        }
    }

    // MARK: Reading

    func value<T>(_ key: String, _ kind: ConfigurationValue<T>, default fallback: T) -> T {
        guard let spell = kind.spell else { return value(key, kind) ?? fallback }
        // Whoever pastes what is proposed shall not have the least that is possible.
        let usual = "\(spell(fallback)), which is the default"
        return node(key).flatMap { scalar($0, full(key), kind, example: usual) } ?? fallback
    }

    /// nil when the key is missing, `null`, or at fault.
    func value<T>(_ key: String, _ kind: ConfigurationValue<T>) -> T? {
        node(key).flatMap { scalar($0, full(key), kind) }
    }

    func list<T>(_ key: String, _ kind: ConfigurationValue<T>, default fallback: [T]) -> [T] {
        markedList(key, kind)?.map(\.value) ?? fallback
    }

    /// A list with the place of each value; nil when the key is missing or `null`.
    func markedList<T>(
        _ key: String, _ kind: ConfigurationValue<T>
    ) -> [(value: T, mark: Mark?)]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let sequence) = node else {
            // One value alone is a list of one.
            return scalar(node, full(key), kind).map { [(value: $0, mark: node.mark)] }
        }
        return sequence.compactMap { item in
            scalar(item, full(key), kind).map { (value: $0, mark: item.mark) }
        }
    }

    private func scalar<T>(
        _ node: Node, _ name: String, _ kind: ConfigurationValue<T>, example: String? = nil
    ) -> T? {
        let example = example ?? kind.example
        guard case .scalar(let scalar) = node else {
            faults.note(node.mark, "'\(name)' is not a single value", "write \(example)")
            return nil
        }
        guard let value = kind.parse(scalar.string) else {
            faults.note(
                node.mark, "\(name) '\(scalar.string)' is not \(kind.expected)",
                "write \(example)")
            return nil
        }
        return value
    }

    func section(_ key: String) -> ConfigurationSection {
        ConfigurationSection(node(key), path: full(key), faults: faults)
    }

    /// nil when the key is missing or `null`.
    func optionalSection(_ key: String) -> ConfigurationSection? {
        node(key).map { ConfigurationSection($0, path: full(key), faults: faults) }
    }

    /// A list of sections.
    /// - Parameter takesOne: a section alone is a list of one.
    func sections(_ key: String, takesOne: Bool = false) -> [ConfigurationSection] {
        guard let node = node(key) else { return [] }
        guard case .sequence(let sequence) = node else {
            if takesOne, case .mapping = node { return [section(key)] }
            faults.note(
                node.mark, "'\(full(key))' is not a list", "write entries that begin with '- '")
            return []
        }
        return sequence.map { ConfigurationSection($0, path: full(key), faults: faults) }
    }

    /// A section whose keys are names of the operator's choice, each with a section.
    func namedSections(_ key: String) -> [(name: String, section: ConfigurationSection)] {
        let outer = section(key)
        return outer.entries.map { entry in
            outer.asked.append(entry.key)
            return (
                entry.key,
                ConfigurationSection(entry.node, path: outer.full(entry.key), faults: faults)
            )
        }
    }

    /// A section whose keys are names of the operator's choice, each with a value.
    func namedValues<T>(_ key: String, _ kind: ConfigurationValue<T>) -> [String: T] {
        let outer = section(key)
        var values: [String: T] = [:]
        for entry in outer.entries {
            values[entry.key] = outer.value(entry.key, kind)
        }
        return values
    }

    /// Warns where a value of ``namedValues(_:_:)`` stands.
    func warn(_ key: String, of name: String, _ what: String, _ remedy: String) {
        faults.warn(section(key).mark(of: name) ?? mark, what, remedy)
    }

    /// Reports every key that was not read.
    func finish() {
        for entry in entries where !asked.contains(entry.key) {
            let nearest = asked.min {
                editDistance($0, entry.key) < editDistance($1, entry.key)
            }
            let remedy = nearest.map { "the nearest known key is '\($0)'" } ?? "remove it"
            faults.note(entry.keyMark, "key '\(full(entry.key))' is unknown", remedy)
        }
    }
}

extension Node {
    /// Whether there is more than `null` or nothing.
    fileprivate var isGiven: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return true }
        return !["", "~", "null"].contains(scalar.string)
    }
}

/// Levenshtein's distance.
private func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let cost = a[i] == b[j] ? diagonal : diagonal + 1
            diagonal = row[j + 1]
            row[j + 1] = min(cost, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
