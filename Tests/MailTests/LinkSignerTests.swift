import Mail
import Primitives
import Spool
import Testing

@Suite struct LinkSignerTests {
    private let key = [UInt8](repeating: 7, count: 32)
    private let ended = WallClockTime(nanoseconds: 1_795_716_252_000_000_000)

    private func signer(_ base: String = "https://h/vm", key: [UInt8]? = nil) -> LinkSigner {
        LinkSigner(baseURL: base, lifetime: .seconds(3600), key: key ?? self.key)
    }

    private func path(_ url: String) -> String { String(url.dropFirst("https://h".count)) }

    @Test func leadsToItsMessageUntilItsEnd() throws {
        let envelope = try Sample.envelope()
        let (url, expires) = try signer().link(to: envelope)
        #expect(url.hasPrefix("https://h/vm/recording/\(envelope.id)/"))
        #expect(expires == WallClockTime(nanoseconds: ended.nanoseconds + 3_600_000_000_000))
        #expect(signer().message(of: path(url), at: ended) == envelope.id)
        #expect(
            signer().message(of: path(url), at: WallClockTime(nanoseconds: expires.nanoseconds - 1))
                == envelope.id)
        #expect(signer().message(of: path(url), at: expires) == nil)
        #expect(try signer().link(to: envelope).url == url)
    }

    @Test func whateverTheProxyPutsBeforeIt() throws {
        let url = try signer("https://h").link(to: try Sample.envelope()).url
        for before in ["", "/vm", "/a/b/c"] {
            #expect(signer().message(of: before + path(url), at: ended) != nil)
        }
    }

    @Test func nothingElseLeadsAnywhere() throws {
        let envelope = try Sample.envelope()
        let good = path(try signer().link(to: envelope).url)
        var parts = good.split(separator: "/").map(String.init)
        #expect(parts.count == 5)
        let other = String(parts[2].dropLast()) + (parts[2].hasSuffix("x") ? "y" : "x")
        for (index, value) in [
            (1, "recordings"), (2, other), (3, "1895716252"), (3, "-1"), (3, ""),
            (3, "99999999999999999999"), (4, ""), (4, String(parts[4].dropLast())),
            (4, parts[4] + "A"),
        ] {
            let kept = parts[index]
            parts[index] = value
            let forged = "/" + parts.joined(separator: "/")
            #expect(signer().message(of: forged, at: ended) == nil, "\(forged)")
            parts[index] = kept
        }
        let stranger = signer(key: [UInt8](repeating: 8, count: 32))
        #expect(stranger.message(of: good, at: ended) == nil)
        for path in ["", "/", "//", "/recording", "/recording/../../etc/passwd"] {
            #expect(signer().message(of: path, at: ended) == nil)
        }
    }
}
