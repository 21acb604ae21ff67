/// Runs libFuzzer on a check of octets.
///
/// libFuzzer's own `main` can't be used: the package manager gives each executable an entry point of
/// its own name.
package enum Fuzzer {
    // The callback is a C function: it can't hold what it calls.
    nonisolated(unsafe) private static var check: ([UInt8]) throws -> Void = { _ in }

    /// Never returns before libFuzzer is done. A check that throws counts as a crash, as a trap does.
    package static func run(_ check: @escaping ([UInt8]) throws -> Void) {
        Fuzzer.check = check
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments) { start, count in
            let octets = Array(UnsafeBufferPointer(start: start, count: count))
            do {
                try Fuzzer.check(octets)
            } catch {
                fatalError("\(error)")
            }
            return 0
        }
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
