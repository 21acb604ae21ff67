/// What the appliance says: a file of this name in `Media/prompts/LANGUAGE/`.
package enum Phrase: String, Sendable, Hashable, CaseIterable {
    /// Nobody answers.
    case unavailable
    /// The line is engaged.
    case busy
    /// Comes before the digits of an extension whose person is away.
    case extensionUnavailable = "extension-unavailable"
    case extensionBusy = "extension-busy"
    /// To speak after the tone, and that the hash key gives choices.
    case afterTheTone = "after-the-tone"
    /// Hash to send, 1 to listen, 2 to record again, 3 for urgent.
    case menu
    case markedUrgent = "marked-urgent"
    case noLongerUrgent = "no-longer-urgent"
    case recordAgain = "record-again"
    case maximumLength = "maximum-length"
    case nothingHeard = "nothing-heard"
    case sent
    case mailboxFull = "mailbox-full"
    case mailboxDisabled = "mailbox-disabled"
    /// The node can't take messages now.
    case outOfOrder = "out-of-order"
    case connecting
    case digit0 = "0"
    case digit1 = "1"
    case digit2 = "2"
    case digit3 = "3"
    case digit4 = "4"
    case digit5 = "5"
    case digit6 = "6"
    case digit7 = "7"
    case digit8 = "8"
    case digit9 = "9"

    /// The digits of a number; anything else in it is passed over.
    package static func digits(of number: some StringProtocol) -> [Phrase] {
        number.compactMap { Phrase(rawValue: String($0)) }
    }
}
