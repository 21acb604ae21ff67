import Foundation
import Softphone
import Testing

struct WAVWriterTests {
    private func temporaryFile() -> String {
        FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).wav").path()
    }

    /// libsndfile reads what there is while the writer still writes, as after a power cut.
    @Test func aFileThatIsCutOffIsValid() throws {
        let path = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try WAVWriter(path: path, sampleRate: 8_000)
        let second = (0..<8_000).map { Int16(truncatingIfNeeded: $0 * 4) }
        for _ in 0..<3 { try writer.append(second) }
        try writer.append(second.prefix(4_000))
        let samples = try SoundFile(path: path, sampleRate: 8_000).samples
        #expect(samples == second + second + second)
        try writer.flush()
        #expect(try SoundFile(path: path, sampleRate: 8_000).samples.count == 28_000)
    }

    @Test func anEmptyRecordingIsAFileToo() throws {
        let path = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try WAVWriter(path: path, sampleRate: 16_000)
        let data = try Data(contentsOf: URL(filePath: path))
        #expect(data.count == 44)
        #expect(data.prefix(4) == Data("RIFF".utf8))
        #expect(data[4...7] == Data([36, 0, 0, 0]))
    }

    @Test func aPathThatCannotBeWrittenIsNamed() throws {
        let error = #expect(throws: WAVWriter.Failure.self) {
            _ = try WAVWriter(path: "/no/such/folder/a.wav", sampleRate: 8_000)
        }
        #expect(error?.description == "/no/such/folder/a.wav: No such file or directory")
    }
}

struct LevelMeterTests {
    @Test(arguments: [(32_767, 0.0), (3_277, -20.0), (33, -60.0), (0, -100.0)])
    func levels(_ amplitude: Int, _ expected: Double) {
        var meter = LevelMeter()
        let level = meter.measure(
            [Int16](repeating: Int16(amplitude), count: 160), sampleRate: 8_000)
        #expect(abs(level - expected) < 0.1)
        #expect(abs(meter.soundSeconds - (expected > LevelMeter.silence ? 0.02 : 0)) < 1e-9)
    }
}
