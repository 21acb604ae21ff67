internal import CCrypto
internal import Primitives

/// Signs mails for a domain (RFC 6376): `rsa-sha256`, or `ed25519-sha256` (RFC 8463) by the key's
/// kind, canonicalization relaxed/relaxed.
package struct DKIMSigner: Sendable {
    package let domain: String
    package let selector: String
    private let key: PrivateKey

    /// - Parameters:
    ///   - selector: of the DNS name `SELECTOR._domainkey.DOMAIN` that has the public key.
    ///   - key: RSA of at least 1024 bits, or Ed25519, in PEM.
    package init(domain: String, selector: String, key: [UInt8]) throws(MailError) {
        self.domain = domain
        self.selector = selector
        self.key = try PrivateKey(pem: key)
        guard self.key.dkimAlgorithm != nil else {
            throw .key(cause: "DKIM needs an RSA key of 1024 bits or more, or an Ed25519 key")
        }
    }

    /// From stands twice in `h=`: nobody can add a second one (RFC 6376 §5.4).
    private static let signed: Set<String> = [
        "date", "from", "reply-to", "to", "message-id", "subject", "x-priority", "importance",
        "message-context", "auto-submitted", "mime-version", "content-type",
        "content-transfer-encoding",
    ]

    /// The field to be put above all others.
    ///
    /// - Parameter body: as it is on the wire.
    func sign(
        _ fields: [HeaderField], body: [UInt8], at time: WallClockTime
    ) throws(MailError) -> HeaderField {
        let signed = fields.filter { DKIMSigner.signed.contains($0.name.lowercased()) }
        let names = signed.map { $0.name.lowercased() } + ["from"]
        let hash = try Digest.sha256(DKIMSigner.relaxed(body: body))
        func field(_ signature: [String]) -> HeaderField {
            var words = [
                "v=1;", "a=\(key.dkimAlgorithm ?? "");", "c=relaxed/relaxed;", "d=\(domain);",
                "s=\(selector);", "t=\(max(0, time.nanoseconds / 1_000_000_000));",
            ]
            for (index, name) in names.enumerated() {
                words.append(
                    (index == 0 ? "h=" : "") + name + (index + 1 < names.count ? ":" : ";"))
            }
            return HeaderField(
                "DKIM-Signature", words + ["bh=\(Digest.base64(hash));", "b="] + signature)
        }
        // b= is empty while it is computed, and the field has no CRLF (§3.7).
        var header: [UInt8] = []
        for field in signed { header += DKIMSigner.relaxed(field) + Array("\r\n".utf8) }
        header += DKIMSigner.relaxed(field([]))
        let signature = Digest.base64(try key.signDKIM(header))
        var words: [String] = []
        var rest = signature[...]
        while !rest.isEmpty {
            words.append(String(rest.prefix(70)))
            rest = rest.dropFirst(70)
        }
        return field(words)
    }

    /// Name in lower case, unfolded, runs of white space made one space, none around the colon or at
    /// the end (§3.4.2).
    private static func relaxed(_ field: HeaderField) -> [UInt8] {
        var wire: [UInt8] = []
        field.write(to: &wire)
        var line = Array("\(field.name.lowercased()):".utf8)
        var isSpaceDue = false
        for octet in wire.dropFirst(field.name.utf8.count + 1) {
            switch octet {
            case 0x20, 0x09, 0x0D, 0x0A: isSpaceDue = true
            default:
                if isSpaceDue && line.count > field.name.utf8.count + 1 { line.append(0x20) }
                isSpaceDue = false
                line.append(octet)
            }
        }
        return line
    }

    /// White space at lines' ends goes, runs of it become one space, and empty lines at the end go
    /// (§3.4.4).
    static func relaxed(body: [UInt8]) -> [UInt8] {
        var canonical: [UInt8] = []
        canonical.reserveCapacity(body.count + 2)
        var isSpaceDue = false
        var emptyLines = 0
        var isLineEmpty = true
        func endLine() {
            isSpaceDue = false
            if isLineEmpty {
                emptyLines += 1
            } else {
                canonical.append(contentsOf: "\r\n".utf8)
            }
            isLineEmpty = true
        }
        for octet in body {
            switch octet {
            case 0x0A: endLine()
            case 0x0D: break
            case 0x20, 0x09: isSpaceDue = true
            default:
                while emptyLines > 0 {
                    canonical.append(contentsOf: "\r\n".utf8)
                    emptyLines -= 1
                }
                if isSpaceDue { canonical.append(0x20) }
                isSpaceDue = false
                isLineEmpty = false
                canonical.append(octet)
            }
        }
        if !isLineEmpty { endLine() }
        return canonical
    }
}
