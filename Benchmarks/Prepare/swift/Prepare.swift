import AudioLibrary
import Glibc
import Logging
import Playout

/// Prepares what lies in a media directory as the daemon does: `prepare MEDIA CACHE`.
///
/// One worker. Prints the seconds of music, the CPU seconds of the process and the wall clock until
/// all of it plays, and the most memory that was resident.
@main
struct Prepare {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: prepare MEDIA CACHE")
            exit(64)
        }
        let configuration = AudioLibraryConfiguration(
            mediaDirectory: arguments[1], cacheDirectory: arguments[2], workers: 1)
        let library = AudioLibrary(
            configuration: configuration,
            logger: Logger(label: "prepare", factory: { StreamLogHandler.standardError(label: $0) })
        )
        let begin = now(CLOCK_MONOTONIC)
        try library.start { _, _ in }
        var length: Int64 = 0
        while true {
            usleep(10_000)
            let files = library.files
            if let broken = files.first(where: { $0.isBroken }) {
                print("\(broken.path): \(broken.state)")
                exit(1)
            }
            if !files.isEmpty, files.allSatisfy({ $0.state == .playing }) {
                length = files.reduce(0) { $0 + ($1.length?.ticks ?? 0) }
                break
            }
        }
        let wall = now(CLOCK_MONOTONIC) - begin
        let cpu = now(CLOCK_PROCESS_CPUTIME_ID)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        print(
            "{\"formats\": \(configuration.formats.count), "
                + "\"musicSeconds\": \(Double(length) / 8000), \"cpuSeconds\": \(cpu), "
                + "\"wallSeconds\": \(wall), \"mostResidentBytes\": \(usage.ru_maxrss * 1024)}")
        library.stop()
    }

    static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension FileReport {
    fileprivate var isBroken: Bool {
        if case .broken = state { return true }
        return false
    }
}
