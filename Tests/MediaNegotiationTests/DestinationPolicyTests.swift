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
    ])
    func verdicts(destination: String, source: String, verdict: DestinationPolicy.Verdict) throws {
        let policy = DestinationPolicy(allowedNetworks: IPNetwork.privateNetworks)
        #expect(
            policy.verdict(
                destination: try #require(IPAddress(destination)),
                source: try #require(IPAddress(source))) == verdict)
    }
}
