import CLinux
import Glibc

/// An eventfd: wakes a thread that waits in `poll` or `epoll_wait`.
package struct EventCounter: ~Copyable, Sendable {
    package let descriptor: Int32

    package init() throws(MediaEngineError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw .system(call: "eventfd", errno: errno, at: "the media engine")
        }
    }

    deinit { close(descriptor) }

    package func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    package func clear() {
        var value: UInt64 = 0
        _ = read(descriptor, &value, 8)
    }
}
