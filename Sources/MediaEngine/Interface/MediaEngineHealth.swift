/// Whether the engine has what it needs to send on time.
package struct MediaEngineHealth: Equatable, Sendable {
    package var isRunning: Bool
    /// nil when the sending threads run under SCHED_FIFO; else why not, and what to do.
    package var realTimeProblem: String?
    /// nil when memory is locked; else why not, and what to do.
    package var memoryProblem: String?
    /// nil when there is a packet ring, or none is wanted; else why not, and what to do.
    package var ringProblem: String?

    package init(
        isRunning: Bool, realTimeProblem: String?, memoryProblem: String?, ringProblem: String?
    ) {
        self.isRunning = isRunning
        self.realTimeProblem = realTimeProblem
        self.memoryProblem = memoryProblem
        self.ringProblem = ringProblem
    }
}
