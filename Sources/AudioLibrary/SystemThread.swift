import CLinux
import Glibc

/// A thread of our own, for work that may block.
struct SystemThread: @unchecked Sendable {  // a number
    private let thread: pthread_t

    /// - Parameters:
    ///   - name: as `top -H` shows it, at most 15 octets.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(AudioLibraryError) {
        let box = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                clinux_pthread_setname(start.name)
                start.body()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw .noThread(errno: code)
        }
        self.thread = thread
    }

    /// Waits for its end; once.
    func join() { pthread_join(thread, nil) }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
