import CLinux
import Glibc
import Synchronization

/// What other threads tell the library's own, and what they may know of it.
final class LibraryMailbox: Sendable {
    enum Letter: Sendable {
        case finished(PreparationJob, PreparationJob.Outcome)
        case apply(AudioLibraryConfiguration)
        case stop
    }

    struct Reports: Sendable {
        var files: [FileReport] = []
        var classes: [ClassReport] = []
    }

    private let letters = Mutex<[Letter]>([])
    private let current = Mutex(Reports())
    /// Readable while there are letters.
    let descriptor: Int32

    init() { descriptor = clinux_eventfd() }

    deinit { close(descriptor) }

    func put(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    func takeAll() -> [Letter] {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        return letters.withLock { letters in
            defer { letters = [] }
            return letters
        }
    }

    var reports: Reports {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
