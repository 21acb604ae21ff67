import Foundation

@testable import AudioLibrary

/// A directory of a test's own, removed with everything in it at its end.
final class Scratch: Sendable {
    let path: String

    init() {
        let base = FileManager.default.temporaryDirectory.path
        path = "\(base)/audio-library-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, with the directories above it.
    @discardableResult
    func write(_ octets: [UInt8], to name: String) throws -> String {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(octets).write(to: url)
        return url.path
    }

    /// Runs a program of the system here; `sox`, `ffmpeg` and the like.
    @discardableResult
    func run(_ program: String, _ arguments: String...) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(program)")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ProgramFailure(
                program: program, arguments: arguments, status: process.terminationStatus)
        }
        return Array(data)
    }

    /// Sixteen bit samples of a file as `sox` reads it, brought to a rate and to one channel.
    func samples(_ name: String, rate: Int) throws -> [Double] {
        let octets = try run(
            "sox", name, "-t", "raw", "-r", "\(rate)", "-c", "1", "-e", "float", "-b", "32", "-")
        return octets.withUnsafeBytes { $0.bindMemory(to: Float.self).map(Double.init) }
    }
}

struct ProgramFailure: Error {
    var program: String
    var arguments: [String]
    var status: Int32
}
