/// How a class's live source does.
package struct SourceReport: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Its command runs and has not given enough sound yet; the class's files play.
        case starting
        /// Listeners hear it.
        case playing
        /// It ended or fell silent; it is started again in a moment, and the class's files play.
        case failed
    }

    /// `pipe:COMMAND`.
    package var source: String
    package var state: State
    /// How often the command was started again.
    package var restarts: Int
    /// Why it failed last, with the last line that it wrote to standard error; nil when it never
    /// did.
    package var lastFailure: String?

    package init(source: String, state: State, restarts: Int, lastFailure: String?) {
        self.source = source
        self.state = state
        self.restarts = restarts
        self.lastFailure = lastFailure
    }
}
