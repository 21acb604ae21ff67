package import SIP

/// Who makes a call for music, and for whom, as the request tells it.
///
/// None of it is proof of anything: it chooses music, and it must not open a door.
package struct Caller: Sendable, Equatable {
    /// The user part of the one on whose behalf the call is made.
    package var user: String?
    /// The number that the outside caller dialled, when the request tells it.
    package var called: String?
    /// What stays the same when the same caller is put on hold again: the session's identifier
    /// where there is one (RFC 7989), else the user's address.
    package var key: String

    package init(user: String?, called: String?, key: String) {
        self.user = user
        self.called = called
        self.key = key
    }

    package init(_ request: Request) {
        let headers = request.headers
        let from = try? headers.from
        user = from?.uri.user
        called = Caller.calledNumber(request)
        if let session = headers[first: "Session-ID"].flatMap(Caller.sessionIdentifier) {
            key = session
        } else {
            key = from?.uri.description ?? ""
        }
    }

    /// RFC 4458 `target`, else the oldest diversion (RFC 5806 lists the newest first), else the
    /// first entry of the history (RFC 7044), else To when it isn't the music's own address.
    private static func calledNumber(_ request: Request) -> String? {
        if let target = request.requestURI.parameters["target"],
            let uri = URI(URI.unescaped(target))
        {
            return uri.number
        }
        if let oldest = (try? request.headers.diversions)?.last { return oldest.uri.number }
        if let first = (try? request.headers.historyInfo)?.first { return first.uri.number }
        guard let to = try? request.headers.to, let user = to.uri.user, !ClassChoice.isMusic(user)
        else { return nil }
        return to.uri.number
    }

    /// The two halves of RFC 7989's value in one order, whichever side says it.
    private static func sessionIdentifier(_ value: String) -> String? {
        let parts = value.split(separator: ";")
        guard let local = parts.first, local.utf8.count == 32 else { return nil }
        let remote = parts.dropFirst().first { $0.hasPrefix("remote=") }?.dropFirst(7) ?? ""
        return local < remote ? "\(local)\(remote)" : "\(remote)\(local)"
    }
}

extension URI {
    /// The user part; of a telephone number without its separators (RFC 3966 §5.1.1).
    fileprivate var number: String? {
        guard let user else { return nil }
        guard user.first == "+" || user.first?.isNumber == true else { return user }
        return user.filter { !"-.() ".contains($0) }
    }
}
