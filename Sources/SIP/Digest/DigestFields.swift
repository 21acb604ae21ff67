/// The parameters of a Digest value, unquoted.
struct DigestFields {
    private var values: [String: String] = [:]

    init(_ value: AuthenticationValue) throws(DigestError) {
        guard value.isDigest else { throw .otherScheme }
        for parameter in value.parameters.all {
            // Two values of one parameter could be read differently by two readers: refuse both.
            let name = parameter.name.lowercased()
            guard let text = value[name], values.updateValue(text, forKey: name) == nil else {
                throw .malformed
            }
        }
    }

    subscript(_ name: String) -> String? { values[name] }

    func required(_ name: String) throws(DigestError) -> String {
        guard let value = values[name] else { throw .missing(name) }
        return value
    }

    /// `algorithm`, MD5 where there is none (RFC 7616 §3.3), and whether it has `-sess`.
    func algorithm() throws(DigestError) -> (DigestAlgorithm, isSession: Bool) {
        guard let name = values["algorithm"] else { return (.md5, false) }
        let isSession = name.lowercased().hasSuffix("-sess")
        guard let algorithm = DigestAlgorithm(name: isSession ? name.dropLast(5) : name[...]) else {
            throw .unknownAlgorithm(name)
        }
        return (algorithm, isSession)
    }

    func flag(_ name: String) -> Bool { values[name]?.lowercased() == "true" }
}
