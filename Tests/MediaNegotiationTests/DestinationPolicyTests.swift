import MediaNegotiation
import Primitives
import Testing

@Suite struct DestinationPolicyTests {
    @Test(arguments: [
        ("10.1.2.3", "203.0.113.1", DestinationPolicy.Verdict.allowed),
        ("203.0.113.1", "203.0.113.1", .untilAcknowledged),
        ("203.0.113.2", "203.0.113.1", .untilProved),
        ("0.0.0.0", "203.0.113.1", .refused),
        ("255.255.255.255", "10.0.0.1", .refused),
        ("239.1.1.1", "10.0.0.1", .refused),
        ("127.0.0.1", "203.0.113.1", .refused),
        ("127.0.0.1", "127.0.0.1", .allowed),
        ("::", "2001:db8::1", .refused),
        ("2001:db8::1", "2001:db8::1", .untilAcknowledged),
        ("::1", "::1", .allowed),
        ("::ffff:10.1.2.3", "10.1.2.3", .refused),
        ("::ffff:127.0.0.1", "127.0.0.1", .refused),
        ("::10.1.2.3", "::10.1.2.3", .refused),
    ])
    func verdicts(destination: String, source: String, verdict: DestinationPolicy.Verdict) throws {
        let policy = DestinationPolicy(allowedNetworks: IPNetwork.privateNetworks)
        #expect(
            policy.verdict(
                destination: Endpoint(try #require(IPAddress(destination)), port: 40010),
                source: try #require(IPAddress(source))) == verdict)
    }

    @Test(arguments: [0, 1, 53, 123, 1023, 5060, 5061] as [UInt16])
    func portsOfOthers(_ port: UInt16) {
        let policy = DestinationPolicy(allowedNetworks: IPNetwork.privateNetworks)
        let phone = IPAddress(v4: 0x0A01_0203)
        #expect(policy.verdict(destination: Endpoint(phone, port: port), source: phone) == .refused)
    }

    @Test(
        arguments: [
            ("203.0.113.1:40777", "203.0.113.1:40777"), ("203.0.113.1:53", nil),
            ("203.0.113.9:40777", nil), ("10.0.0.9:40777", "10.0.0.9:40777"), ("10.0.0.9:53", nil),
        ] as [(String, String?)])
    func reportsToAnotherHost(_ named: String, _ used: String?) throws {
        let policy = DestinationPolicy(allowedNetworks: IPNetwork.privateNetworks)
        let media = try #require(Endpoint("203.0.113.1:40010"))
        #expect(
            policy.reports(to: Endpoint(named), media: media, source: media.address)
                == used.flatMap { Endpoint($0) })
    }
}
