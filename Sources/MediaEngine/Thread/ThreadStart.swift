package import CLinux
import Glibc

/// Starts a thread that runs `body` with all signals blocked: they belong to the rest of the
/// process.
package func startThread(
    named name: String, _ body: @escaping @Sendable () -> Void
) throws(MediaEngineError) -> pthread_t {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(
        Body {
            clinux_name_thread(name)
            body()
        })
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, argument.toOpaque())
    guard code == 0 else {
        argument.release()
        throw .system(call: "pthread_create", errno: code, at: name)
    }
    return thread
}
