package import SIP
package import Spool

/// Whose mailbox a call is for, why it came there, and who calls, as the INVITE tells it.
package struct MailboxRequest: Sendable, Equatable {
    /// Users or numbers that the mailbox may belong to, the likeliest first. Empty: the request
    /// names nobody.
    package var candidates: [Candidate]
    package var reason: Envelope.Reason
    package var caller: Envelope.Party
    /// The user or number that the caller dialled, as far as it is told.
    package var called: String

    package struct Candidate: Sendable, Equatable {
        /// A user, or a number without separators.
        package var name: String
        package var rule: Rule

        package init(_ name: String, _ rule: Rule) {
            self.name = name
            self.rule = rule
        }
    }

    /// What in the request named the mailbox.
    package enum Rule: String, Sendable, Equatable {
        /// `target` of RFC 4458.
        case target
        /// The user part is `vm-USER`.
        case address = "vm-USER"
        case dialled
        /// RFC 5806.
        case diversion = "Diversion"
        /// RFC 7044.
        case historyInfo = "History-Info"
    }

    /// Which of several that diverted the call one after the other owns the mailbox.
    package enum HistoryEntry: String, Sendable, Equatable, CaseIterable {
        /// Who was called first.
        case first
        /// Who diverted the call last, to here.
        case last
    }

    /// The user part at which a call says by other means than its user part whom it is for.
    package static let serviceUser = "voicemail"
    /// `vm-USER` asks for USER's mailbox.
    package static let userPrefix = "vm-"

    /// - Parameters:
    ///   - entry: which of several diversions counts before the others.
    ///   - trustsIdentity: the request came from a network whose P-Asserted-Identity is believed
    ///     (RFC 3325 §4). What chooses the mailbox is believed of everybody: it gives nobody more
    ///     than to dial the mailbox would.
    package init(_ request: Request, entry: HistoryEntry = .last, trustsIdentity: Bool = false) {
        let uri = request.requestURI
        let diversions = Diverter.all(request, entry)
        let target = uri.parameters["target"].flatMap { URI(URI.unescaped($0)) }?.subscriber
        let dialled = uri.subscriber
        if let target {
            candidates = [Candidate(target, .target)]
        } else if let dialled, let user = MailboxRequest.deposited(dialled) {
            candidates = [Candidate(user, .address)]
        } else {
            candidates = diversions.map { Candidate($0.user, $0.rule) }
            if let dialled, !MailboxRequest.isService(dialled) {
                candidates.insert(Candidate(dialled, .dialled), at: 0)
            }
        }
        // What the address itself says is newer than any history.
        reason =
            uri.parameters["cause"].map(Envelope.Reason.init(cause:))
            ?? diversions.first?.reason ?? (diversions.isEmpty ? .direct : .unknown)
        caller = Envelope.Party(callerOf: request, trustsIdentity: trustsIdentity)
        called =
            Diverter.all(request, .first).first?.user ?? target
            ?? candidates.first?.name ?? dialled ?? ""
    }

    /// USER of `vm-USER`.
    private static func deposited(_ user: String) -> String? {
        guard user.lowercased().hasPrefix(userPrefix) else { return nil }
        let rest = user.dropFirst(userPrefix.count)
        return rest.isEmpty ? nil : String(rest)
    }

    private static func isService(_ user: String) -> Bool {
        user.lowercased() == serviceUser || user.lowercased() == userPrefix
    }
}

/// One that sent the call on.
private struct Diverter {
    var user: String
    var reason: Envelope.Reason?
    var rule: MailboxRequest.Rule

    /// Those of Diversion (RFC 5806: the newest first), else of History-Info (RFC 7044: the oldest
    /// first), in the order that is asked for.
    static func all(_ request: Request, _ entry: MailboxRequest.HistoryEntry) -> [Diverter] {
        if let diversions = try? request.headers.diversions, !diversions.isEmpty {
            let all = diversions.compactMap { value in
                value.uri.subscriber.map { user in
                    Diverter(
                        user: user,
                        reason: value.parameters["reason"].map(Envelope.Reason.init(diversion:)),
                        rule: .diversion)
                }
            }
            return entry == .last ? all : all.reversed()
        }
        let all = history(request)
        return entry == .last ? all.reversed() : all
    }

    /// The entries without the one that is this call's own address. Why one was left is said by the
    /// entry after it in `cause` (RFC 4458), or by its own Reason (RFC 7044 §5).
    private static func history(_ request: Request) -> [Diverter] {
        guard let entries = try? request.headers.historyInfo else { return [] }
        var all: [Diverter] = []
        for (i, entry) in entries.enumerated() {
            guard let user = entry.uri.subscriber, entry.uri.user != request.requestURI.user
            else { continue }
            var cause = entry.uri.reasonHeader
            if i + 1 < entries.count, let next = entries[i + 1].uri.parameters["cause"] {
                cause = next
            }
            all.append(
                Diverter(
                    user: user, reason: cause.map(Envelope.Reason.init(cause:)),
                    rule: .historyInfo))
        }
        return all
    }
}

extension Envelope.Reason {
    /// A `cause` of RFC 4458 §2.4, or of a Reason header field in a History-Info entry.
    init(cause: String) {
        switch cause {
        case "486", "600": self = .busy
        case "408": self = .noAnswer
        case "302", "480", "487": self = .unconditional
        case "503", "404", "410": self = .notReachable
        default: self = .unknown
        }
    }

    /// A `reason` of RFC 5806 §4.
    init(diversion reason: String) {
        switch reason.lowercased() {
        case "user-busy": self = .busy
        case "no-answer": self = .noAnswer
        case "unconditional", "deflection", "follow-me", "time-of-day", "do-not-disturb", "away":
            self = .unconditional
        case "unavailable", "out-of-service": self = .notReachable
        default: self = .unknown
        }
    }
}

extension Envelope.Party {
    /// The identity that a trusted network asserts (RFC 3325 §9.1: at most one sip and one tel
    /// URI), else From. An identity that the caller wants kept private (Privacy: id) is not for the
    /// mail, which leaves the network that may know it (RFC 3325 §6).
    init(callerOf request: Request, trustsIdentity: Bool) {
        let from = try? request.headers.from
        let isPrivate = request.headers.values(of: .privacy).contains { value in
            value.split { $0 == ";" || $0 == "," || $0.isWhitespace }
                .contains { $0.lowercased() == "id" }
        }
        let asserted =
            trustsIdentity && !isPrivate ? ((try? request.headers.pAssertedIdentities) ?? []) : []
        let number = asserted.first { $0.uri.scheme == .tel } ?? asserted.first
        let names = asserted + [from].compactMap(\.self)
        let name = names.compactMap(\.displayName).first { !$0.isEmpty }
        guard let identity = number ?? from else {
            self.init(displayName: name, number: nil, uri: "sip:anonymous@anonymous.invalid")
            return
        }
        let user = identity.uri.subscriber
        self.init(
            displayName: name, number: user == "anonymous" ? nil : user,
            uri: identity.uri.description)
    }
}

extension URI {
    /// The telephone number without separators and with its global context joined, else the user
    /// part; nil when there is none.
    var subscriber: String? {
        if let number = TelephoneNumber(self) { return number.description }
        return user.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `cause` of a Reason that is carried in the URI's headers: `?Reason=SIP%3Bcause%3D486`.
    fileprivate var reasonHeader: String? {
        guard let headers else { return nil }
        for pair in headers.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, halves[0].lowercased() == "reason" else { continue }
            return TokenWithParameters(URI.unescaped(String(halves[1])))?.parameters["cause"]
        }
        return nil
    }
}
