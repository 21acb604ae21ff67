/// The dialog that an INVITE takes the place of (RFC 3891 §6.1), or joins (RFC 3911).
package struct Replaces: Hashable, Sendable, CustomStringConvertible {
    package var callID: String
    package var toTag: String
    package var fromTag: String
    package var isEarlyOnly: Bool

    package init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
        self.callID = callID
        self.toTag = toTag
        self.fromTag = fromTag
        self.isEarlyOnly = isEarlyOnly
    }

    package var description: String {
        "\(callID);to-tag=\(toTag);from-tag=\(fromTag)\(isEarlyOnly ? ";early-only" : "")"
    }
}

extension Replaces {
    package init?(_ text: String) {
        self.init(parsing: Array(text.utf8)[...])
    }

    init?(parsing value: ArraySlice<UInt8>) {
        var reader = ValueReader(value.trimmed)
        let callID = reader.takeWhile { $0 != .semicolon && !$0.isLinearWhitespace }
        guard !callID.isEmpty, let parameters = Parameters(reading: &reader),
            let toTag = parameters["to-tag"], let fromTag = parameters["from-tag"]
        else { return nil }
        self.init(
            callID: callID.text, toTag: toTag, fromTag: fromTag,
            isEarlyOnly: parameters.contains("early-only"))
    }
}
