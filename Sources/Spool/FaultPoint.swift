import Glibc

/// A step between two states of a message, at which a test can end the process.
///
/// Wherever it ends, the next start finds a message that goes on from there.
package enum FaultPoint: String, Sendable, CaseIterable {
    case beginMade = "begin.made"
    case envelopeWritten = "envelope.written"
    case envelopeRenamed = "envelope.renamed"
    case begun = "begin.synced"
    case finishSynced = "finish.audio-synced"
    case finishDescribed = "finish.described"
    case moved = "move.renamed"
    case moveSynced = "move.synced"
    case deliveryWritten = "delivery.written"
    case deliveryRenamed = "delivery.renamed"
    case removeMoved = "remove.moved"
    case removeEmptied = "remove.emptied"
    /// The mail is in memory and nothing of it has left.
    case mailComposed = "mail.composed"
    /// The mail's last line was handed over, the relay has not answered.
    case mailSent = "mail.sent"
    /// The relay answered 250, and nothing on this disk says so yet.
    case mailAccepted = "mail.accepted"
    /// The disk says who has it; the message still stands in the queue.
    case mailRecorded = "mail.recorded"
    case maildirWritten = "maildir.written"
    case maildirRenamed = "maildir.renamed"
}

/// What happens at a ``FaultPoint``: nothing, but in tests.
package struct Faults: Sendable {
    package let at: @Sendable (FaultPoint) -> Void

    package init(at: @escaping @Sendable (FaultPoint) -> Void) { self.at = at }

    package static let none = Faults { _ in }

    /// Of a debug build: `INTERMEZZO_FAULT=POINT` or `POINT:N` kills the process when it comes to
    /// that point the first or the Nth time. A release build takes no notice of it.
    package static let environment: Faults = {
        #if DEBUG
            guard let value = getenv("INTERMEZZO_FAULT") else { return .none }
            let parts = String(cString: value).split(separator: ":")
            guard let point = parts.first.flatMap({ FaultPoint(rawValue: String($0)) }) else {
                return .none
            }
            let countdown = Countdown(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
            return Faults { reached in
                if reached == point && countdown.step() { kill(getpid(), SIGKILL) }
            }
        #else
            return .none
        #endif
    }()
}

#if DEBUG
    private final class Countdown: @unchecked Sendable {  // `mutex` guards `left`
        private var left: Int
        private var mutex = pthread_mutex_t()

        init(_ left: Int) {
            self.left = left
            pthread_mutex_init(&mutex, nil)
        }

        func step() -> Bool {
            pthread_mutex_lock(&mutex)
            defer { pthread_mutex_unlock(&mutex) }
            left -= 1
            return left == 0
        }
    }
#endif
