import Foundation
import IVR
import Testing

/// A corpus of what callers leave, made here: speech by espeak-ng, and what is none.
@Suite struct SpeechDetectorTests {
    static let rate = 8000

    private func verdict(_ samples: [Int16], rate: Int = rate) -> MessageVerdict {
        var detector = SpeechDetector(rate: rate)
        // As it arrives, in packets.
        for start in stride(from: 0, to: samples.count, by: rate / 50) {
            detector.listen(samples[start..<min(samples.count, start + rate / 50)])
        }
        return detector.verdict(samples: samples.count)
    }

    /// Spoken text at a level in dBFS (effective value where there is sound), resampled by sox.
    static func speech(
        _ text: String, voice: String = "en", level: Double, rate: Int = rate
    ) throws -> [Int16] {
        let script =
            "espeak-ng -v \(voice) --stdout \"$1\" | "
            + "sox -q -t wav - -r \(rate) -c 1 -b 16 -e signed -t raw -"
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script, "sh", text]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let raw = data.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        let loud = raw.map(Double.init).filter { abs($0) > 100 }
        let effective = (loud.map { $0 * $0 }.reduce(0, +) / Double(max(1, loud.count)))
            .squareRoot()
        let gain = 32768 * pow(10, level / 20) / max(1, effective)
        return raw.map { Int16(max(-32768, min(32767, Double($0) * gain))) }
    }

    private static func noise(_ seconds: Double, level: Double, seed: UInt64 = 1) -> [Int16] {
        var state = seed
        let peak = 32768 * pow(10, level / 20) * 1.732
        return (0..<Int(seconds * Double(rate))).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int16(Double(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648 * peak)
        }
    }

    /// Noise whose power falls with frequency, as a fan's or a street's does.
    private static func pink(_ seconds: Double, level: Double) -> [Int16] {
        var slow = 0.0
        let white = noise(seconds, level: -6).map { Double($0) / 32768 }
        let shaped = white.map { sample in
            slow = 0.9 * slow + 0.1 * sample
            return slow
        }
        let effective =
            (shaped.map { $0 * $0 }.reduce(0, +) / Double(shaped.count)).squareRoot()
        let gain = 32768 * pow(10, level / 20) / effective
        return shaped.map { Int16(max(-32768, min(32767, $0 * gain))) }
    }

    static func tones(
        _ frequencies: [Double], on: Double, off: Double, seconds: Double, level: Double = -20
    ) -> [Int16] {
        let amplitude = 32768 * pow(10, level / 20)
        return (0..<Int(seconds * Double(rate))).map { i in
            let time = Double(i) / Double(rate)
            guard off == 0 || time.truncatingRemainder(dividingBy: on + off) < on else { return 0 }
            let sum = frequencies.map { sin(2 * .pi * $0 * time) }.reduce(0, +)
            return Int16(max(-32768, min(32767, amplitude * sum)))
        }
    }

    private static func sum(_ a: [Int16], _ b: [Int16]) -> [Int16] {
        (0..<max(a.count, b.count)).map { i in
            let x = (i < a.count ? Int(a[i]) : 0) + (i < b.count ? Int(b[i]) : 0)
            return Int16(max(-32768, min(32767, x)))
        }
    }

    static let text = "Hello, this is Bob. Please call me back when you can."

    @Test(arguments: ["en", "de", "fr", "es", "it", "en+f3", "en+m7", "en+whisper"])
    func twoSecondsOfQuietSpeechAreSpeech(_ voice: String) throws {
        let speech = try Self.speech(Self.text, voice: voice, level: -35).prefix(2 * Self.rate)
        let found = verdict([Int16](repeating: 0, count: Self.rate) + speech)
        #expect(found.kind == .speech)
        let wide = try Self.speech(Self.text, voice: voice, level: -35, rate: 16000)
        #expect(verdict(Array(wide.prefix(32000)), rate: 16000).kind == .speech)
    }

    /// Two seconds out of the middle of a text, as from a caller who spoke at once and hung up.
    @Test(
        arguments: ["en", "de", "fr", "es", "it", "en+f3", "en+m7", "en+croak"], [0.0, 0.7, 1.3])
    func speechIsSpeechFromTheFirstSampleOn(_ voice: String, _ skipped: Double) throws {
        let start = Int(skipped * Double(Self.rate))
        let speech = try Self.speech(Self.text, voice: voice, level: -35)
        let part = Array(speech[start..<min(speech.count, start + 2 * Self.rate)])
        #expect(verdict(part).kind == .speech)
        #expect(verdict(Self.sum(Self.noise(2, level: -55), part)).kind == .speech)
        // Two seconds in a minute of a quiet line.
        let line = Self.noise(30, level: -60)
        #expect(verdict(line + part + line).kind == .speech)
    }

    @Test func speechInNoiseIsSpeech() throws {
        let speech = try Self.speech(Self.text, level: -25)
        let seconds = Double(speech.count) / Double(Self.rate) + 2
        #expect(verdict(Self.sum(Self.noise(seconds, level: -50), speech)).kind == .speech)
        #expect(verdict(Self.sum(Self.pink(seconds, level: -45), speech)).kind == .speech)
    }

    struct Nothing: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kind: MessageVerdict.Kind
        var samples: [Int16]

        init(_ name: String, _ kind: MessageVerdict.Kind, _ samples: [Int16]) {
            testDescription = name
            self.kind = kind
            self.samples = samples
        }
    }

    static let nothings = [
        Nothing("digital silence", .silence, [Int16](repeating: 0, count: 80_000)),
        Nothing("quiet line", .silence, noise(10, level: -65)),
        Nothing("line noise", .noise, noise(20, level: -40)),
        Nothing("loud line noise", .noise, noise(20, level: -25)),
        Nothing("fan", .noise, pink(20, level: -35)),
        Nothing("hum", .tone, tones([100, 200], on: 1, off: 0, seconds: 10, level: -30)),
        Nothing("busy, Europe", .tone, tones([425], on: 0.5, off: 0.5, seconds: 20)),
        Nothing("busy, North America", .tone, tones([480, 620], on: 0.5, off: 0.5, seconds: 20)),
        Nothing("reorder", .tone, tones([480, 620], on: 0.25, off: 0.25, seconds: 20)),
        Nothing("congestion, Europe", .tone, tones([425], on: 0.25, off: 0.25, seconds: 20)),
        Nothing("busy, United Kingdom", .tone, tones([400], on: 0.375, off: 0.375, seconds: 20)),
        Nothing("dial tone", .tone, tones([350, 440], on: 1, off: 0, seconds: 20)),
        Nothing("fax calls", .tone, tones([1100], on: 0.5, off: 3, seconds: 20)),
        Nothing("fax answers", .tone, tones([2100], on: 3, off: 0, seconds: 6)),
        Nothing(
            "busy tone on a noisy line", .tone,
            sum(noise(20, level: -60), tones([425], on: 0.5, off: 0.5, seconds: 20))),
        Nothing("busy, France", .tone, tones([440], on: 0.5, off: 0.5, seconds: 20)),
        Nothing("congestion, Italy", .tone, tones([425], on: 0.2, off: 0.2, seconds: 20)),
        Nothing("ringing, North America", .tone, tones([440, 480], on: 2, off: 4, seconds: 20)),
        Nothing(
            "ringing, United Kingdom", .tone, tones([400, 450], on: 0.4, off: 0.2, seconds: 20)),
        Nothing(
            "off the hook, North America", .tone,
            tones([1400, 2060, 2450, 2600], on: 0.1, off: 0.1, seconds: 10, level: -24)),
        Nothing(
            "number unobtainable", .tone,
            informationTones + tones([425], on: 0.5, off: 0.5, seconds: 9)),
        Nothing("fax answers with V.8", .tone, answerTone),
        Nothing("fax handshake", .tone, handshake),
        Nothing("keys", .tone, tones([770, 1336], on: 0.1, off: 0.4, seconds: 10, level: -18)),
        Nothing(
            "hum with its overtones", .tone,
            tones([50, 100, 150], on: 1, off: 0, seconds: 10, level: -30)),
        Nothing(
            "hum on a noisy line", .noise,
            sum(noise(10, level: -45), tones([50, 150], on: 1, off: 0, seconds: 10, level: -42))),
        Nothing("breath", .noise, breath),
        Nothing("a click", .silence, (0..<80_000).map { $0 == 40_000 ? 30_000 : 0 }),
    ]

    /// ITU-T E.180: three tones that rise.
    private static let informationTones =
        [950.0, 1400, 1800].flatMap { tones([$0], on: 0.33, off: 0, seconds: 0.33) }
        + [Int16](repeating: 0, count: 8000)

    /// ITU-T V.8: 2100 Hz, its level changing by a fifth 15 times a second, its phase turned every
    /// 450 ms.
    private static let answerTone = (0..<32_000).map { i in
        let time = Double(i) / 8000
        let turn = Int(time / 0.45) % 2 == 0 ? 1.0 : -1
        return Int16(
            turn * 4000 * (1 + 0.2 * sin(2 * .pi * 15 * time)) * sin(2 * .pi * 2100 * time))
    }

    /// ITU-T V.21, channel 2: flags (01111110) at 300 bit/s, 1 s of each 3 s.
    private static let handshake: [Int16] = {
        let flag = [0, 1, 1, 1, 1, 1, 1, 0]
        var phase = 0.0
        return (0..<80_000).map { i in
            let time = Double(i) / 8000
            phase += 2 * .pi * (flag[Int(time * 300) % 8] == 1 ? 1650 : 1850) / 8000
            return time.truncatingRemainder(dividingBy: 3) < 1 ? Int16(4000 * sin(phase)) : 0
        }
    }()

    /// Noise that comes and goes every four seconds.
    private static let breath = noise(20, level: -30).enumerated().map { i, sample in
        let phase = sin(2 * .pi * Double(i) / 32_000)
        return Int16(Double(sample) * max(0, phase) * max(0, phase))
    }

    @Test(arguments: nothings)
    func whatIsNoSpeech(_ nothing: Nothing) {
        #expect(verdict(nothing.samples).kind == nothing.kind)
    }

    @Test func theBusyToneAfterAMessageIsCutOff() throws {
        let speech = try Self.speech(Self.text, level: -25)
        let pause = [Int16](repeating: 0, count: Self.rate)
        let found = verdict(
            speech + pause + Self.tones([425], on: 0.5, off: 0.5, seconds: 8))
        #expect(found.kind == .speech)
        #expect(found.speech.lowerBound < Self.rate / 2)
        #expect(abs(found.speech.upperBound - speech.count) < Self.rate)
        #expect(found.length < speech.count + 2 * Self.rate)
    }

    /// The mail holds this span and no more: nothing that was said is outside, and at most a little
    /// more than the half second beside it that is kept on purpose.
    @Test(
        arguments: ["en", "de", "fr", "es", "it", "en+f3", "en+m7", "en+whisper", "en+croak"],
        [-35.0, -20])
    func theSpanHoldsAllThatWasSaid(_ voice: String, _ level: Double) throws {
        let speech = try Self.speech(Self.text, voice: voice, level: level)
        let loudest = speech.map { abs(Int($0)) }.max() ?? 0
        // What espeak-ng adds at the ends is not heard: 40 dB below the loudest.
        let first = try #require(speech.firstIndex { abs(Int($0)) > loudest / 100 })
        let last = try #require(speech.lastIndex { abs(Int($0)) > loudest / 100 })
        let line = Self.noise(3, level: -62)
        let found = verdict(
            Self.sum(Self.noise(8, level: -62), line.map { _ in 0 } + speech) + line)
        #expect(found.kind == .speech)
        let begin = line.count + first - found.speech.lowerBound
        let end = found.speech.upperBound - (line.count + last)
        #expect((0...5600).contains(begin), "begins \(begin) samples before")
        #expect((0...5600).contains(end), "ends \(end) samples after")
    }

    @Test func silenceCountsFromTheLastWord() throws {
        let speech = try Self.speech(Self.text, level: -25)
        var detector = SpeechDetector(rate: Self.rate)
        detector.listen((speech + [Int16](repeating: 0, count: 3 * Self.rate))[...])
        #expect(abs(detector.silence - 3 * Self.rate) < Self.rate / 2)
    }
}
