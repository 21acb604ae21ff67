import Appliance
import Testing

/// RFC 9110 §14.
@Suite struct ByteRangeTests {
    @Test(arguments: [
        ("bytes=0-0", ByteRange.part(0..<1)), ("bytes=10-19", .part(10..<20)),
        ("bytes=90-", .part(90..<100)), ("bytes=90-1000", .part(90..<100)),
        ("bytes=-10", .part(90..<100)), ("bytes=-1000", .part(0..<100)),
        ("bytes=100-", .none), ("bytes=100-200", .none), ("bytes=-0", .none),
        ("bytes=20-10", .whole), ("bytes=-", .whole), ("bytes=0-1,5-6", .whole),
        ("bytes=a-b", .whole), ("octets=0-1", .whole), ("bytes=--5", .whole),
        ("bytes=0-9999999999999999999999", .whole), ("bytes=+1-2", .whole),
    ])
    func ofAHundredOctets(_ field: String, _ range: ByteRange) {
        #expect(ByteRange(field, size: 100) == range)
    }

    @Test func nothingAskedIsAll() { #expect(ByteRange(nil, size: 100) == .whole) }

    @Test func nothingIsInAnEmptyFile() {
        #expect(ByteRange("bytes=0-", size: 0) == .none)
        #expect(ByteRange("bytes=-1", size: 0) == .none)
    }
}
