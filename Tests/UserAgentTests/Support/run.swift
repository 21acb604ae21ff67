import Foundation

/// Runs a program to its end.
/// - Returns: its exit status and all that it wrote.
func run(_ program: String, _ arguments: [String], in directory: String? = nil) async throws -> (
    status: Int32, output: String
) {
    try await withCheckedThrowingContinuation { continuation in
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            continuation.resume(throwing: error)
            return
        }
        Thread.detachNewThread {
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            continuation.resume(
                returning: (process.terminationStatus, String(decoding: output, as: UTF8.self)))
        }
    }
}
