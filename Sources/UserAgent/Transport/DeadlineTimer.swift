import NIOCore
package import Primitives

/// One timer of an event loop that follows a deadline which moves often.
///
/// A deadline that moves later leaves the pending task where it is: when that one comes too early it
/// arms itself anew. So a busy call costs one task, not one per change. Confined to its loop.
final class DeadlineTimer {
    private let loop: any EventLoop
    private let action: () -> Void
    private var wanted: Instant?
    private var pending: (task: Scheduled<Void>, due: Instant)?

    init(on loop: any EventLoop, action: @escaping () -> Void) {
        self.loop = loop
        self.action = action
    }

    /// Calls the action at `deadline`, or not at all for nil; replaces what was set before.
    func set(_ deadline: Instant?) {
        wanted = deadline
        guard let deadline else { return }
        if let pending {
            if pending.due <= deadline { return }
            pending.task.cancel()
        }
        schedule(deadline)
    }

    /// After this the timer holds nothing.
    func cancel() {
        wanted = nil
        pending?.task.cancel()
        pending = nil
    }

    private func schedule(_ due: Instant) {
        let timer = NIOLoopBound(self, eventLoop: loop)
        let nanoseconds = UInt64(clamping: due.nanoseconds)
        let task = loop.scheduleTask(deadline: .uptimeNanoseconds(nanoseconds)) {
            timer.value.fire()
        }
        pending = (task, due)
    }

    private func fire() {
        pending = nil
        guard let wanted else { return }
        if wanted <= .now {
            self.wanted = nil
            action()
        } else {
            schedule(wanted)
        }
    }
}

extension Instant {
    /// CLOCK_MONOTONIC; the clock of NIO's deadlines is the same.
    package static var now: Instant {
        Instant(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }
}
