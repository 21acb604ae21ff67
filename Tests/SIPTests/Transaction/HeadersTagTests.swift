import SIP
import Testing

/// The tag is found without reading the address, and is the one that reading it gives.
@Suite struct HeadersTagTests {
    @Test(
        arguments: [
            (#"<sip:a@b>;tag=x"#, "x"), (#"sip:a@b;tag=x"#, "x"), (#"<sip:a@b;tag=no>"#, nil),
            (#""; tag=no" <sip:a@b>; Tag = y ;z"#, "y"),
            (#""\";tag=no" <sip:a@b>;a="b;c";tag=q"#, "q"),
            (#"A <sip:a@b>;tagged=1;tag=2"#, "2"), (#"<sip:a@b>"#, nil), (#"<sip:a@b>;tag"#, nil),
            (#""open <sip:a@b>;tag=x"#, nil), (#"<sip:a@b>;;tag=x"#, "x"), (#""#, nil),
        ] as [(String, String?)]) func tag(value: String, tag: String?)
    {
        var headers = Headers()
        headers.append(.to, value)
        #expect(headers.tag(of: .to) == tag)
        if let to = try? headers.to { #expect(to.tag == tag) }
    }
}
