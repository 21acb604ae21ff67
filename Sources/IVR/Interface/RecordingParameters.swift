package import Primitives

/// What is to be recorded, and what ends it.
package struct RecordingParameters: Sendable, Equatable {
    /// Where the Sun AU file is made (16-bit linear, one channel); one that is there is replaced
    /// when the first sound comes.
    package var path: String
    package var maximumLength: Interval
    /// So long without speech ends the recording; also without any packet.
    package var maximumSilence: Interval
    /// A tone is heard so long before the greatest length; zero: none.
    package var warning: Interval = .seconds(10)

    package init(path: String, maximumLength: Interval, maximumSilence: Interval) {
        self.path = path
        self.maximumLength = maximumLength
        self.maximumSilence = maximumSilence
    }
}
