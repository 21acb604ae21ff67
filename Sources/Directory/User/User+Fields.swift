internal import Foundation
internal import Primitives

extension User {
    /// A field as text; empty where nothing is set. ``set(_:to:)`` takes it back.
    package func text(_ field: UserField) -> String {
        switch field {
        case .user: name
        case .alias: aliases.joined(separator: ";")
        case .did: numbers.joined(separator: ";")
        case .displayName: displayName ?? ""
        case .email: mailAddresses.joined(separator: ";")
        case .language: language ?? ""
        case .timeZone: timeZone ?? ""
        case .music: musicClass ?? ""
        case .voicemail: voicemail.isOn ? "on" : "off"
        case .greeting: voicemail.greeting.rawValue
        case .format: voicemail.format?.rawValue ?? ""
        case .attachment: voicemail.attachment?.rawValue ?? ""
        case .maximumLength: voicemail.maximumLength.map(User.text) ?? ""
        case .mailboxServer: voicemail.mailboxServer ?? ""
        case .shortEmail: voicemail.shortAddresses.joined(separator: ";")
        case .webhook: voicemail.webhook ?? ""
        case .missedCallMail: voicemail.sendsMissedCallMail.map { $0 ? "on" : "off" } ?? ""
        case .password: ""
        case .realm: credentials?.realm ?? ""
        case .md5: credentials?.md5 ?? ""
        case .sha256: credentials?.sha256 ?? ""
        }
    }

    /// Sets a field other than the user name and the credentials. Empty text stands for the default.
    package mutating func set(_ field: UserField, to text: String) throws(UserFault) {
        let optional = text.isEmpty ? nil : text
        switch field {
        case .alias: aliases = try User.list(text, UserRule.name)
        case .did: numbers = try User.list(text, UserRule.number)
        case .displayName: displayName = try optional.map(UserRule.displayName)
        case .email: mailAddresses = try User.list(text, UserRule.mailAddress)
        case .language: language = try optional.map(UserRule.language)
        case .timeZone: timeZone = try optional.map(UserRule.timeZone)
        case .music: musicClass = try optional.map(UserRule.musicClass)
        case .voicemail: voicemail.isOn = try optional.map(UserRule.flag) ?? true
        case .greeting: voicemail.greeting = try optional.map(UserRule.word) ?? .own
        case .format: voicemail.format = try optional.map(UserRule.word)
        case .attachment: voicemail.attachment = try optional.map(UserRule.word)
        case .maximumLength: voicemail.maximumLength = try optional.map(UserRule.length)
        case .mailboxServer: voicemail.mailboxServer = try optional.map(UserRule.server)
        case .shortEmail: voicemail.shortAddresses = try User.list(text, UserRule.mailAddress)
        case .webhook: voicemail.webhook = try optional.map(UserRule.webhook)
        case .missedCallMail: voicemail.sendsMissedCallMail = try optional.map(UserRule.flag)
        case .user, .password, .realm, .md5, .sha256:
            preconditionFailure("\(field) is no field that is set by itself")
        }
    }

    private static func list(
        _ text: String, _ rule: (String) throws(UserFault) -> String
    ) throws(UserFault) -> [String] {
        var list: [String] = []
        for part in text.split(separator: ";") {
            let item = part.trimmingCharacters(in: .whitespaces)
            guard !item.isEmpty else { continue }
            let value = try rule(item)
            if !list.contains(value) { list.append(value) }
        }
        return list
    }

    /// Milliseconds only where there are some.
    private static func text(_ length: Interval) -> String {
        let milliseconds = length.nanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}

extension Optional where Wrapped == String {
    /// `map` with its typed error.
    fileprivate func map<T>(
        _ rule: (String) throws(UserFault) -> T
    ) throws(UserFault) -> T? {
        guard let self else { return nil }
        return try rule(self)
    }
}
