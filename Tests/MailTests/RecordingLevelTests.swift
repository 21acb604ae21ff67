import Foundation
import Mail
import Testing

/// How loud a recording is in the mail: `docs/mail-templates.md`.
@Suite struct RecordingLevelTests {
    static let rate = 8000

    /// Seven seconds like speech: syllables of a voice of 120 Hz, of different levels, with pauses.
    /// - Parameter level: RMS of the syllables, dBFS.
    static func speech(level: Double) -> [Double] {
        var samples: [Double] = []
        for syllable in 0..<28 {
            let loudness = [1.0, 0.5, 0.8, 0.35][syllable % 4]
            let length = [0.14, 0.2, 0.16][syllable % 3]
            let count = Int(length * Double(rate))
            for index in 0..<count {
                let time = Double(index) / Double(rate)
                let voice = (1...20).map { sin(2 * .pi * 120 * Double($0) * time) / Double($0) }
                let edge = min(1, 8 * min(Double(index), Double(count - index)) / Double(count))
                samples.append(loudness * edge * voice.reduce(0, +))
            }
            let pause = syllable % 7 == 6 ? 0.4 : 0.05
            samples += [Double](repeating: 0, count: Int(pause * Double(rate)))
        }
        let gain = pow(10, level / 20) / pow(10, self.level(of: samples) / 20)
        return samples.map { $0 * gain }
    }

    /// RMS in dBFS where there is sound: blocks of 20 ms within 20 dB of the loudest.
    static func level(of samples: [Double]) -> Double {
        let powers = stride(from: 0, to: samples.count - 160, by: 160).map { start in
            samples[start..<(start + 160)].map { $0 * $0 }.reduce(0, +) / 160
        }
        let loudest = powers.max() ?? 0
        let sounding = powers.filter { $0 > loudest / 100 }
        return 10 * log10(sounding.reduce(0, +) / Double(max(1, sounding.count)) + 1e-12)
    }

    /// `samples` as they are in the mail, of full scale 1.
    private func mailed(_ samples: [Double], speech: Range<Int>? = nil) throws -> [Double] {
        let path = try Sample.audio(of: samples.map { Int16(32_767 * max(-1, min(1, $0))) })
        defer { try? FileManager.default.removeItem(atPath: path) }
        let wave = try AttachmentEncoder(path: path, speech: speech).wave(rate: Self.rate)
        #expect(
            try WaveReader(path: path, speech: speech).read(44..<wave.count)
                == Array(wave.dropFirst(44)))
        return stride(from: 44, to: wave.count, by: 2).map {
            Double(Int16(bitPattern: UInt16(wave[$0]) | UInt16(wave[$0 + 1]) << 8)) / 32_768
        }
    }

    @Test(arguments: [-42.0, -35, -23, -12])
    func speechIsBroughtToTheLevel(_ level: Double) throws {
        let heard = try mailed(Self.speech(level: level))
        #expect(abs(Self.level(of: heard) + 23) < 1)
        #expect(heard.allSatisfy { abs($0) < 0.892 })
    }

    /// Length in milliseconds of what is loud beside the speech: of a click, of a knock, of clicks
    /// at one and at several places.
    @Test(arguments: [[1], [20], [100], [1, 1, 5], [20, 20, 20, 20]])
    func aClickMakesSpeechNoSofter(_ lengths: [Int]) throws {
        var said = Self.speech(level: -35)
        let quiet = said
        var loud = IndexSet()
        for (number, length) in lengths.enumerated() {
            let start = (number + 1) * said.count / (lengths.count + 2)
            for index in start..<(start + 8 * length) {
                said[index] = index / 4 % 2 == 0 ? 0.95 : -0.95
                loud.insert(index)
            }
        }
        let heard = try mailed(said)
        let spoken = heard.indices.map { loud.contains($0) ? 0 : heard[$0] }
        #expect(abs(Self.level(of: spoken) + 23) < 1)
        // The click is rounded off below -1 dBFS, the speech beside it is not touched.
        #expect(heard.allSatisfy { abs($0) < 0.892 })
        let gain =
            Self.rms(spoken) / Self.rms(quiet.indices.map { loud.contains($0) ? 0 : quiet[$0] })
        #expect(
            spoken.indices.allSatisfy {
                loud.contains($0) || abs(spoken[$0] - gain * quiet[$0]) < 0.005
            })
    }

    @Test func softIsNotRaisedWithoutBounds() throws {
        let said = Self.speech(level: -50)
        #expect(abs(Self.level(of: try mailed(said)) + 30) < 0.5)
        #expect(try mailed([Double](repeating: 0, count: 8000)).allSatisfy { $0 == 0 })
    }

    @Test func whatIsMailedIsWhereTheDetectorFoundSpeech() throws {
        let said = Self.speech(level: -23)
        let beep = (0..<16_000).map { 0.9 * sin(2 * .pi * 425 * Double($0) / 8000) }
        let heard = try mailed(said + beep, speech: 0..<said.count)
        #expect(heard.count == said.count)
        #expect(abs(Self.level(of: heard) + 23) < 1)
        // A span that the file does not have is no span.
        #expect(try mailed(said, speech: 200_000..<300_000).count == said.count)
    }

    private static func rms(_ samples: [Double]) -> Double {
        (samples.map { $0 * $0 }.reduce(0, +) / Double(samples.count)).squareRoot()
    }
}
