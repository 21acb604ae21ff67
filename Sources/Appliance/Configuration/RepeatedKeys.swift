import Yams

/// Composes YAML in which keys may stand twice.
///
/// Yams gives up at the first such mapping. Here it is a fault like others: the first of the two
/// keys gets a first character that no key of ours has, which moves no column, and the text is
/// composed again.
func compose(
    hidingRepeatedKeysOf text: String, _ faults: ConfigurationSection.Faults
) throws -> Node? {
    var text = text
    while true {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            guard case .duplicatedKeysInMapping(let keys, let context) = error,
                faults.all.count < 100, let hidden = hiding(context.mark, in: text)
            else { throw error }
            faults.note(
                context.mark, "key '\(keys.first ?? "")' stands twice", "remove one of the two")
            text = hidden
        }
    }
}

/// The text with a private character at a mark, behind a quote if there is one.
private func hiding(_ mark: Mark, in text: String) -> String? {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
        Array($0.unicodeScalars)
    }
    let line = mark.line - 1
    guard lines.indices.contains(line) else { return nil }
    var column = mark.column - 1
    guard lines[line].indices.contains(column) else { return nil }
    if ["\"", "'"].contains(lines[line][column]) { column += 1 }
    guard lines[line].indices.contains(column),
        lines[line][column] != ConfigurationSection.hidden
    else { return nil }
    lines[line][column] = ConfigurationSection.hidden
    return lines.map { line in
        var text = String.UnicodeScalarView()
        text.append(contentsOf: line)
        return String(text)
    }.joined(separator: "\n")
}
