internal import CLinux
import Glibc
internal import Primitives
internal import Spool

/// Is told by the kernel what comes to the queue's directory, and what leaves it (inotify).
final class QueueWatch: Sendable {
    enum Event: Equatable {
        case appeared(String)
        case disappeared(String)
        /// A command has changed the message's files.
        case touched(String)
        /// Events were lost.
        case overflow
    }

    private let descriptor: Int32
    private let wake: Int32

    init(_ path: String) throws(SystemError) {
        descriptor = try system("inotify_init", path) {
            inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        }
        wake = clinux_eventfd()
        let events = IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR
        do {
            try system("inotify_add_watch", path) {
                inotify_add_watch(descriptor, path, UInt32(events))
            }
        } catch {
            close(descriptor)
            close(wake)
            throw error
        }
    }

    deinit {
        close(descriptor)
        close(wake)
    }

    /// Ends a wait for events; from any thread.
    func interrupt() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }

    /// What has happened, once something has; nothing after the limit or an interruption.
    func events(within limit: Interval) -> [Event] {
        var wanted = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&wanted, 2, Int32(clamping: limit.nanoseconds / 1_000_000)) > 0,
            wanted[0].revents != 0
        else { return [] }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return [] }
        return buffer.withUnsafeBytes { parse(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) -> [Event] {
        var events: [Event] = []
        var offset = 0
        let headSize = MemoryLayout<inotify_event>.size
        while offset + headSize <= bytes.count {
            let head = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let end = min(bytes.count, offset + headSize + Int(head.len))
            let name = String(
                decoding: bytes[(offset + headSize)..<end].prefix { $0 != 0 }, as: UTF8.self)
            offset = end
            let mask = Int(head.mask)
            if mask & Int(IN_Q_OVERFLOW) != 0 {
                events.append(.overflow)
            } else if name.isEmpty {
                continue
            } else if mask & Int(IN_MOVED_TO) | mask & Int(IN_CREATE) != 0 {
                events.append(.appeared(name))
            } else if mask & Int(IN_MOVED_FROM) | mask & Int(IN_DELETE) != 0 {
                events.append(.disappeared(name))
            } else if mask & Int(IN_ATTRIB) != 0 {
                events.append(.touched(name))
            }
        }
        return events
    }
}
