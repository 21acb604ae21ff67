package import Spool

/// What a mailbox says before the tone.
package enum Greeting {
    /// - Parameters:
    ///   - extensionNumber: what is spoken where the user has no greeting: digits, else none.
    ///   - isOwn: the user's own greeting is there.
    package static func items(
        reason: Envelope.Reason, extensionNumber: String?, isOwn: Bool
    ) -> [Deposit.Item] {
        // The user's own words say what is to be said.
        if isOwn { return [.greeting] }
        let digits = extensionNumber.map { Phrase.digits(of: $0) } ?? []
        let isBusy = reason == .busy
        var items: [Deposit.Item]
        if digits.isEmpty {
            items = [.phrase(isBusy ? .busy : .unavailable)]
        } else {
            items = [.phrase(isBusy ? .extensionBusy : .extensionUnavailable)]
            items += digits.map { .phrase($0) }
        }
        return items + [.phrase(.afterTheTone)]
    }

    /// The greeting files of a user that fit a call, beside the plain one.
    package static func variants(reason: Envelope.Reason) -> [String] {
        switch reason {
        case .busy, .noAnswer, .unconditional: ["temporary", reason.rawValue]
        case .direct, .notReachable, .unknown: ["temporary"]
        }
    }
}
