import Foundation
import Playout
import Testing

@testable import AudioLibrary

/// A short seeded run of what `make fuzz` does for long: bad files are errors, never worse.
@Suite struct AudioFileFuzzTests {
    static let makers: [(String, String)] = [
        ("wav", "sox -R -r 8000 -n -c 1 -b 16 a.wav synth 0.3 sine 500"),
        ("adpcm", "sox -R -r 8000 -n -c 2 -e ms-adpcm a.wav synth 0.3 sine 500"),
        ("flac", "sox -R -r 8000 -n -c 1 -b 16 a.flac synth 0.3 sine 500"),
        ("ogg", "sox -R -r 8000 -n -c 1 a.ogg synth 0.3 sine 500"),
        (
            "opus",
            "sox -R -r 48000 -n -c 1 -b 16 b.wav synth 0.3 sine 500; opusenc --quiet b.wav a.opus"
        ),
        ("mp3", "sox -R -r 16000 -n -c 1 -b 16 b.wav synth 0.3 sine 500; lame --quiet b.wav a.mp3"),
        ("aiff", "sox -R -r 8000 -n -c 1 -b 16 a.aiff synth 0.3 sine 500"),
        ("au", "sox -R -r 8000 -n -c 1 -b 16 a.au synth 0.3 sine 500"),
    ]

    @Test(arguments: makers.indices) func mutatedFilesAreErrorsOrSound(_ index: Int) throws {
        let scratch = Scratch()
        try scratch.run("bash", "-c", Self.makers[index].1)
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: scratch.path).first {
                $0.hasPrefix("a.")
            })
        let whole = try Array(Data(contentsOf: URL(fileURLWithPath: scratch.file(name))))
        #expect((AudioFileFuzzing.read(whole) ?? 0) > 0)
        var random = SplitMix64(seed: UInt64(index) + 1)
        for _ in 0..<300 { AudioFileFuzzing.read(Self.mutate(whole, &random)) }
    }

    static func mutate(_ octets: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var result = octets
        func place(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
        for _ in 0...place(8) where !result.isEmpty {
            // Headers decide, so most changes are near the beginning.
            let at = place(place(2) == 0 ? min(128, result.count) : result.count)
            switch place(6) {
            case 0: result[at] = UInt8(truncatingIfNeeded: random.next())
            case 1: result[at] ^= 1 << UInt8(place(8))
            case 2: result[at] = [0, 0x7f, 0x80, 0xff][place(4)]
            case 3: result.removeSubrange(at..<min(result.count, at + 1 + place(64)))
            case 4:
                result.insert(
                    contentsOf: result[at..<min(result.count, at + 1 + place(64))], at: at)
            default: result.removeSubrange(at...)
            }
        }
        return result
    }
}
