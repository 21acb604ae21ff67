import SIP
import Testing

@Suite struct DigestTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let challenge: String
        let method: Method
        let uri: String
        let body: String
        let user: String
        let password: String
        let cnonce: String
        let username: String
        let response: String
    }

    static let vectors = [
        Vector(
            testDescription: "RFC 2617 §3.5",
            challenge: """
                Digest realm="testrealm@host.com", qop="auth,auth-int", \
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", \
                opaque="5ccc069c403ebaf9f0171e9517f40e41"
                """,
            method: "GET", uri: "/dir/index.html", body: "", user: "Mufasa",
            password: "Circle Of Life", cnonce: "0a4f113b", username: "Mufasa",
            response: "6629fae49393a05397450978507c4ef1"),
        // The same without qop, as RFC 2069 has it.
        Vector(
            testDescription: "RFC 2617 without qop",
            challenge: """
                Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"
                """,
            method: "GET", uri: "/dir/index.html", body: "", user: "Mufasa",
            password: "Circle Of Life", cnonce: "0a4f113b", username: "Mufasa",
            response: "670fd8c2df070c60b045671b8b24ff02"),
        Vector(
            testDescription: "RFC 7616 §3.9.1 MD5",
            challenge: """
                Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, \
                nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", \
                opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
                """,
            method: "GET", uri: "/dir/index.html", body: "", user: "Mufasa",
            password: "Circle of Life",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", username: "Mufasa",
            response: "8ca523f5e9506fed4657c9700eebdbec"),
        Vector(
            testDescription: "RFC 7616 §3.9.1 SHA-256",
            challenge: """
                Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, \
                nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", \
                opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
                """,
            method: "GET", uri: "/dir/index.html", body: "", user: "Mufasa",
            password: "Circle of Life",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", username: "Mufasa",
            response: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        // With erratum 4897: the RFC printed what a cut SHA-512 gives.
        Vector(
            testDescription: "RFC 7616 §3.9.2 SHA-512-256, hashed user name",
            challenge: """
                Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, \
                nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", \
                opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true
                """,
            method: "GET", uri: "/doe.json", body: "", user: "J\u{e4}s\u{f8}n Doe",
            password: "Secret, or not?", cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            username: "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
            response: "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"),
    ]

    @Test(arguments: vectors) func answersAsTheRFCDoes(_ v: Vector) throws {
        let value = try challenge(v.challenge)
        let credentials = DigestCredentials(
            answering: value, method: v.method, uri: v.uri, body: Array(v.body.utf8), user: v.user,
            secret: .password(v.password), cnonce: v.cnonce, hash: libcryptoHash)
        #expect(credentials.response == v.response)
        #expect(credentials.username == v.username)

        let secret = DigestSecret.hashing(
            user: v.user, realm: value.realm, password: v.password, algorithm: value.algorithm,
            hash: libcryptoHash)
        let read = try DigestCredentials(parse(AuthenticationValue(credentials).description))
        #expect(read == credentials)
        #expect(proves(read, v.user, secret, v.method, Array(v.body.utf8)))
        #expect(!proves(read, v.user, .password(v.password + "!"), v.method, []))
        #expect(!proves(read, v.user, secret, "POST", []))
    }

    /// Against values made with another program (python3 hashlib).
    @Test(arguments: [
        (
            "auth-int", "MD5",
            "bd7e737d27ecce05afbffa54c3a3aa45"
        ),
        (
            "auth", "MD5",
            "70999fda4552d2cdcec5be9b1e232b72"
        ),
        (
            "", "MD5",
            "268f5a320f4c7be8a96bd7b8aa197d6b"
        ),
        (
            "auth-int", "MD5-sess",
            "2aa5a74e05e06af72661eb832045938b"
        ),
        (
            "auth", "MD5-sess",
            "4149ca58a71e0c415a75893496f8e15f"
        ),
        (
            "", "MD5-sess",
            "a3432f33a33403aa43a04a68d68676b1"
        ),
        (
            "auth-int", "SHA-256",
            "68fd047db04b66742548cb618e5975990734ed33540a588c7f66b4aa401b6668"
        ),
        (
            "auth", "SHA-256-sess",
            "37cb9c5704f546c5380965fee07d10b709accf4198c0952315f2df65c5361477"
        ),
        (
            "auth", "SHA-512-256",
            "bcf692a72bd4070266aabe6d64d841e73cf66b25edfcd22d9a1e80a319ce0dee"
        ),
        (
            "auth-int", "SHA-512-256-sess",
            "656eaaf5158bd15807bf3fae8e6305c3a5c35e7bb967a39d263a663f115a7c4d"
        ),
    ]) func everyQualityAndAlgorithm(qop: String, algorithm: String, response: String) throws {
        let quality = qop.isEmpty ? "" : #", qop="\#(qop)""#
        let value = try challenge(
            #"Digest realm="r", nonce="n", algorithm=\#(algorithm)"# + quality)
        let body = Array("v=0".utf8)
        let credentials = DigestCredentials(
            answering: value, method: .invite, uri: "sip:a@b", body: body, user: "u",
            secret: .password("p"), cnonce: "c", nonceCount: 16, hash: libcryptoHash)
        #expect(credentials.response == response)
        #expect(proves(credentials, "u", .password("p"), .invite, body))
        let isBodyProtected = !proves(
            credentials, "u", .password("p"), .invite, Array("v=1".utf8))
        #expect(isBodyProtected == (qop == "auth-int"))
    }

    @Test func prefersAuthAndKnowsSessions() throws {
        let value = try challenge(
            #"DIGEST realm="a \"b\", c", nonce=n, QOP="auth-int,auth,x", algorithm=md5-SESS"#)
        #expect(value.realm == #"a "b", c"#)
        #expect(value.isSession)
        #expect(value.qualities == [.authInt, .auth])
        let credentials = DigestCredentials(
            answering: value, method: .bye, uri: "sip:x", user: "u", secret: .password("p"),
            cnonce: "c", hash: libcryptoHash)
        #expect(credentials.quality == .auth)
        #expect(try DigestChallenge(parse(AuthenticationValue(value).description)) == value)
    }

    @Test(arguments: [
        (#"Basic realm="x""#, DigestError.otherScheme),
        (#"NoOneKnowsThisScheme opaque-data=here"#, .otherScheme),
        (#"Digest nonce="x""#, .missing("realm")),
        (#"Digest realm="x""#, .missing("nonce")),
        (#"Digest realm="x", nonce="n", algorithm=SHA3"#, .unknownAlgorithm("SHA3")),
        (#"Digest realm="x", realm="y", nonce="n""#, .malformed),
        (#"Digest realm="x", nonce="n", qop="future""#, .malformed),
        (#"Digest realm, nonce="n""#, .malformed),
    ]) func refusesChallenges(text: String, error: DigestError) throws {
        let value = try parse(text)
        #expect(throws: error) { try DigestChallenge(value) }
    }

    @Test(arguments: [
        ("nc=1, cnonce=\"c\", qop=auth", DigestError.malformed),
        ("nc=0000000g, cnonce=\"c\", qop=auth", .malformed),
        ("nc=00000001, qop=auth", .missing("cnonce")),
        ("cnonce=\"c\", qop=auth", .missing("nc")),
        ("nc=00000001, cnonce=\"c\", qop=other", .malformed),
    ]) func refusesCredentials(rest: String, error: DigestError) throws {
        let value = try parse(
            #"Digest username="u", realm="r", nonce="n", uri="sip:x", response="0", "# + rest)
        #expect(throws: error) { try DigestCredentials(value) }
    }

    private func parse(_ text: String) throws -> AuthenticationValue {
        var headers = Headers()
        headers.append(.authorization, text)
        return try #require(try headers.credentials(.authorization).first)
    }

    private func challenge(_ text: String) throws -> DigestChallenge {
        try DigestChallenge(parse(text))
    }

    private func proves(
        _ credentials: DigestCredentials, _ user: String, _ secret: DigestSecret,
        _ method: Method, _ body: [UInt8]
    ) -> Bool {
        credentials.isProof(
            of: user, secret: secret, method: method, body: body, hash: libcryptoHash)
    }
}
