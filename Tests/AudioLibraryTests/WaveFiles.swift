import Foundation

/// Wave files chunk by chunk, right and wrong.
enum WaveFiles {
    static let rate = 16000

    static func sine(seconds: Double, hertz: Double = 440) -> [UInt8] {
        (0..<Int(seconds * Double(rate))).flatMap { i -> [UInt8] in
            let sample = Int16(12000 * sin(2 * Double.pi * hertz * Double(i) / Double(rate)))
            return [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
        }
    }

    static func little(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    static func chunk(_ name: String, _ body: [UInt8], size: Int? = nil, pads: Bool = true)
        -> [UInt8]
    {
        Array(name.utf8) + little(size ?? body.count) + body
            + (pads && body.count % 2 == 1 ? [0] : [])
    }

    static let format = chunk(
        "fmt ", [1, 0, 1, 0] + little(rate) + little(rate * 2) + [2, 0, 16, 0])

    static func riff(_ chunks: [UInt8]..., size: Int? = nil) -> [UInt8] {
        let body = chunks.flatMap { $0 }
        return Array("RIFF".utf8) + little(size ?? body.count + 4) + Array("WAVE".utf8) + body
    }
}
