import CCrypto

/// SHA-256 of a file's octets: the same track on every node, whatever it is called there.
package struct ContentHash: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 32 octets.
    package let octets: [UInt8]

    /// - Returns: nil unless there are 32 octets.
    package init?(octets: some Collection<UInt8>) {
        guard octets.count == 32 else { return nil }
        self.octets = Array(octets)
    }

    package static func < (a: ContentHash, b: ContentHash) -> Bool {
        a.octets.lexicographicallyPrecedes(b.octets)
    }

    /// 64 hexadecimal digits.
    package var description: String { hexadecimal(octets) }
}

/// SHA-256 of what it is fed.
struct SHA256: ~Copyable {
    private let context: OpaquePointer?
    private var works: Bool

    init() {
        context = EVP_MD_CTX_new()
        works = context != nil && EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ octets: some Collection<UInt8>) {
        let fed: Void? = octets.withContiguousStorageIfAvailable { bytes in
            works = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 && works
        }
        if fed == nil { update(Array(octets)) }
    }

    /// The digest; nil when libcrypto failed.
    mutating func finish() -> ContentHash? {
        var digest = [UInt8](repeating: 0, count: 32)
        works = EVP_DigestFinal_ex(context, &digest, nil) == 1 && works
        defer { works = false }
        return works ? ContentHash(octets: digest) : nil
    }

    static func digest(_ octets: some Collection<UInt8>) -> ContentHash? {
        var hash = SHA256()
        hash.update(octets)
        return hash.finish()
    }
}

func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for octet in octets {
        text.append(digits[Int(octet >> 4)])
        text.append(digits[Int(octet & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
