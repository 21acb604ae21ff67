internal import CDispatch  // Where its header comes first, it is the module of the structures of libc.
internal import Glibc
package import Primitives

/// Tells the service manager how the daemon fares: the protocol of sd_notify(3), which is
/// assignments in a datagram, without its library.
package struct NotifySocket: Sendable {
    private let sender: DatagramSender
    /// At least this often ``watchdog(status:)`` is to be called, half of what the manager waits;
    /// nil when it doesn't watch this process.
    package let watchdogInterval: Interval?

    /// - Returns: nil when no service manager wants to know.
    package init?(environment: [String: String]) {
        guard let path = environment["NOTIFY_SOCKET"], let sender = DatagramSender(path: path)
        else { return nil }
        self.sender = sender
        // It may be meant for another process, from which this one has the variables.
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let wait = environment["WATCHDOG_USEC"].flatMap { Int($0) } ?? 0
        watchdogInterval = isMeant && wait > 1 ? .microseconds(wait / 2) : nil
    }

    package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// Before a reload; ``ready(status:)`` ends it.
    package func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    package func stopping() { send("STOPPING=1\nSTATUS=ends every call") }

    package func watchdog(status: String) { send("WATCHDOG=1\nSTATUS=\(status)") }

    private func send(_ assignments: String) { sender.send(Array(assignments.utf8)) }
}
