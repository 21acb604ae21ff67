import CLinux
package import Primitives
import Sockets

/// Reads datagrams in batches, each with the moment at which the kernel took it in: who reads every
/// few milliseconds, or is kept from it by others, measures the network all the same.
///
/// Belongs to one thread.
package final class DatagramReader {
    /// Wall clock less monotonic clock, in nanoseconds, as it was at the last `readClocks()`.
    private var wallOffset: Int64 = 0
    /// Longer than any RTP packet that fits a path.
    private let batch = DatagramBatch(capacity: 32, limit: 2048)

    package init() {}

    /// Asks the kernel to note arrivals. Without its word packets count as arrived when they are
    /// read.
    package func prepare(_ descriptor: Int32) { _ = clinux_note_arrivals(descriptor) }

    /// The monotonic clock; what is read until the next call is dated by this reading of both.
    package func readClocks() -> Instant {
        let now = MachineClock.monotonic()
        wallOffset = MachineClock.wall().nanoseconds &- now.nanoseconds
        return now
    }

    /// Hands on all that waits in a socket.
    /// - Parameter now: of the last ``readClocks()``.
    package func read(
        _ descriptor: Int32, at now: Instant,
        _ received: (_ datagram: [UInt8], _ source: Endpoint, _ arrival: Instant) -> Void
    ) {
        while true {
            let count = batch.receive(descriptor)
            for i in 0..<count {
                guard let source = batch.source(of: i) else { continue }
                received([UInt8](batch.octets(of: i)), source, arrival(of: i, now))
            }
            guard count == batch.capacity else { return }
        }
    }

    /// By the kernel's clock where it says, else `now`. It is never far from `now`, unless somebody
    /// has just set the wall clock.
    private func arrival(of i: Int, _ now: Instant) -> Instant {
        let stamp = batch.stamp(of: i)
        let arrival = Instant(nanoseconds: stamp &- wallOffset)
        let isNear = (arrival - now).nanoseconds.magnitude < 1_000_000_000
        return stamp != 0 && isNear ? arrival : now
    }
}
