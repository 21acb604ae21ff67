internal import Playout
internal import Primitives

/// How the text of a scalar becomes a value, and how to tell an operator what is expected.
package struct ConfigurationValue<Value>: Sendable where Value: Sendable {
    /// Completes "… is not"; such as `a port (1 to 65535)`.
    let expected: String
    /// An example or list that completes "write".
    let example: String
    let parse: @Sendable (String) -> Value?
    /// How a file writes a value, where a default is the best example.
    let spell: (@Sendable (Value) -> String)?

    init(
        _ expected: String, example: String, spell: (@Sendable (Value) -> String)? = nil,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.expected = expected
        self.example = example
        self.spell = spell
        self.parse = parse
    }
}

extension ConfigurationValue {
    /// One of a closed set of words.
    static func oneOf(_ words: KeyValuePairs<String, Value>) -> Self {
        let known = words.map(\.key).joined(separator: ", ")
        let pairs = words.map { ($0.key, $0.value) }
        return Self("one of \(known)", example: "one of these") { text in
            pairs.first { $0.0 == text }?.1
        }
    }
}

extension ConfigurationValue where Value == String {
    static var text: Self { Self("text", example: "some text") { $0.isEmpty ? nil : $0 } }

    /// A label of the kind that DNS takes.
    static var name: Self {
        Self("a name of letters, digits, '-', '_' and '.'", example: "main") { text in
            let isName =
                !text.isEmpty && text.utf8.count <= 63
                && text.unicodeScalars.allSatisfy { c in
                    c.isASCII
                        && (c.properties.isAlphabetic || ("0"..."9").contains(c)
                            || "-_.".unicodeScalars.contains(c))
                }
            return isName ? text : nil
        }
    }
}

extension ConfigurationValue where Value == Bool {
    static var flag: Self { .oneOf(["true": true, "false": false, "yes": true, "no": false]) }
}

extension ConfigurationValue where Value == Int {
    static func number(_ range: ClosedRange<Int>) -> Self {
        Self(
            "a number from \(range.lowerBound) to \(range.upperBound)",
            example: "\(range.lowerBound)", spell: String.init(describing:)
        ) {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A count of octets: `65535`, `64k`, `10M`.
    static func octets(_ range: ClosedRange<Int>) -> Self {
        Self("a size from \(range.lowerBound) to \(range.upperBound) octets", example: "64k") {
            text in
            let units: [Character: Int] = ["k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
            let unit = text.last.flatMap { units[$0] }
            guard let count = Int(unit == nil ? text : String(text.dropLast())) else { return nil }
            let (octets, overflow) = count.multipliedReportingOverflow(by: unit ?? 1)
            return !overflow && range.contains(octets) ? octets : nil
        }
    }
}

extension ConfigurationValue where Value == Double {
    static func real(_ range: ClosedRange<Double>) -> Self {
        Self(
            "a number from \(range.lowerBound) to \(range.upperBound)",
            example: "\(range.lowerBound)", spell: String.init(describing:)
        ) {
            Double($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension ConfigurationValue where Value == Interval {
    /// `500ms`, `10s`, `5m`, `2h`, `3d`.
    static func duration(_ range: ClosedRange<Interval>) -> Self {
        Self(
            "a duration from \(text(range.lowerBound)) to \(text(range.upperBound))",
            example: text(range.lowerBound), spell: text
        ) {
            guard let value = read($0) else { return nil }
            return range.contains(value) ? value : nil
        }
    }

    private static let units: [(String, Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    private static func read(_ text: String) -> Interval? {
        guard let (suffix, unit) = units.first(where: { text.hasSuffix($0.0) }),
            let count = Int(text.dropLast(suffix.count)), count >= 0
        else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow, milliseconds < 1 << 40 else { return nil }
        return .milliseconds(milliseconds)
    }

    private static func text(_ interval: Interval) -> String {
        let milliseconds = Int(interval.nanoseconds / 1_000_000)
        let fitting = units.last { milliseconds % $0.1 == 0 && milliseconds >= $0.1 } ?? ("ms", 1)
        return "\(milliseconds / fitting.1)\(fitting.0)"
    }
}

extension ConfigurationValue where Value == IPAddress {
    static var address: Self {
        Self("an IPv4 or IPv6 address", example: "192.0.2.10") { IPAddress($0) }
    }
}

extension ConfigurationValue where Value == Endpoint {
    static var endpoint: Self {
        Self("an address with a port", example: "127.0.0.1:8080 or [::1]:8080") { Endpoint($0) }
    }
}

extension ConfigurationValue where Value == IPNetwork {
    static var network: Self {
        Self("a network", example: "192.168.0.0/16 or 2001:db8::/32") { IPNetwork($0) }
    }
}

extension ConfigurationValue where Value == ClosedRange<UInt16> {
    static var ports: Self {
        Self("a range of ports", example: "16384-32767") { text in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map {
                UInt16($0)
            }
            guard ends.count == 2, let low = ends[0], let high = ends[1], low > 0, low < high
            else { return nil }
            return low...high
        }
    }
}

extension ConfigurationValue where Value == [MediaFormat] {
    /// A codec's name as operators write it; `opus` and `l16` stand for all that is usual of them.
    static var codec: Self {
        .oneOf([
            "pcmu": [.pcmu], "pcma": [.pcma], "g722": [.g722], "opus": [.opusMono, .opusStereo],
            "opus/mono": [.opusMono], "l16": [.l16At16000, .l16At8000], "l16/8000": [.l16At8000],
            "l16/16000": [.l16At16000], "l16/44100": [.l16At44100], "l16/48000": [.l16At48000],
        ])
    }
}

extension ConfigurationValue where Value == Endpoint? {
    /// Where to listen; nil: nowhere.
    static var endpointOrOff: Self {
        Self("an address with a port, or off", example: "127.0.0.1:8080") {
            $0 == "off" ? .some(nil) : Endpoint($0).map { .some($0) }
        }
    }
}
