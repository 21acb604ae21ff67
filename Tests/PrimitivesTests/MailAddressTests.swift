import Primitives
import Testing

struct MailAddressTests {
    @Test(arguments: [
        ("alice@Example.com", "alice@Example.com"),
        // The vector of RFC 3492 §7.1 (B), and what differs between IDNA2003 and IDNA2008.
        ("a@他们为什么不说中文", "a@xn--ihqwcrb4cv8a8dqg056pqjye"),
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("user@bücher.example", "user@xn--bcher-kva.example"),
        ("user@Bu\u{308}cher.Example", "user@xn--bcher-kva.example"),
        ("user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example"),
        ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
    ]) func domainsAreASCII(_ text: String, _ expected: String) {
        let address = MailAddress(text)
        #expect(address?.text == expected)
        #expect(address?.isASCII == !text.hasPrefix("j"))
    }

    @Test(arguments: [
        "a@☃.example", "a@-ü.example", "a@ü..example", "a@ü．．example", "a@ü＠b.example",
        "a@ü＞.example",
        "a@ü\u{0}.example", "a@ü b.example", "a@" + String(repeating: "ü", count: 64) + ".example",
    ]) func whatHasNoALabelIsNoDomain(_ text: String) {
        #expect(MailAddress(text) == nil)
    }
}
