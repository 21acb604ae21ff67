extension URI {
    /// Whether both name the same resource by RFC 3261 §19.1.4 and RFC 3966 §4.
    ///
    /// Not transitive: a parameter that only one of the two has is mostly ignored.
    package func isEquivalent(to other: URI) -> Bool {
        guard scheme == other.scheme else { return false }
        switch scheme {
        case .malformed: return opaque == other.opaque
        case .other: return opaque == other.opaque
        case .tel: return hasEqualNumber(to: other)
        case .sip, .sips: break
        }
        guard host == other.host, port == other.port,
            escapedUser.map(URI.unescapedOctets) == other.escapedUser.map(URI.unescapedOctets),
            password.map(URI.unescapedOctets) == other.password.map(URI.unescapedOctets)
        else { return false }
        for name in Set((parameters.all + other.parameters.all).map { $0.name.lowercased() }) {
            // Of a name that is there more often, which it may not, the first counts.
            if let a = parameters.first(name), let b = other.parameters.first(name) {
                guard URI.hasEqualValue(a, b) else { return false }
            } else if URI.countsWhenAlone(name) {
                return false
            }
        }
        return URI.headerList(headers) == URI.headerList(other.headers)
    }

    /// - Parameter name: in small letters. user, ttl, method, maddr and transport differ from their absence (§19.1.4).
    private static func countsWhenAlone(_ name: String) -> Bool {
        switch name {
        case "user", "ttl", "method", "maddr", "transport": true
        default: false
        }
    }

    private static func hasEqualValue(_ a: Parameters.Parameter, _ b: Parameters.Parameter) -> Bool
    {
        unescapedOctets(a.value ?? "").elementsEqual(unescapedOctets(b.value ?? "")) {
            $0.lowercased == $1.lowercased
        }
    }

    /// Headers in any order; names without regard to case.
    private static func headerList(_ headers: String?) -> [[UInt8]] {
        (headers ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = HeaderName(unescaped(String(parts[0]))).text.lowercased()
            return Array(name.utf8) + [.equals]
                + unescapedOctets(parts.count == 2 ? String(parts[1]) : "")
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func hasEqualNumber(to other: URI) -> Bool {
        guard let a = TelephoneNumber(self), let b = TelephoneNumber(other), a == b else {
            return false
        }
        // RFC 3966 §4: parameters in any order, all of them count, without regard to case.
        func rest(_ uri: URI) -> [String] {
            uri.parameters.all.filter {
                !["ext", "phone-context"].contains($0.name.lowercased())
            }.map { "\($0.name)=\($0.value ?? "")".lowercased() }.sorted()
        }
        return rest(self) == rest(other)
    }
}
