/// Which sending thread a new stream goes to: one thread after the other, and when all have as many
/// as ``MediaEngineConfiguration/streamsBeforeSpreading`` the one with the fewest.
package enum ThreadChoice {
    /// - Parameter loads: streams of each thread.
    package static func thread(forStreamBeside loads: [Int], filling limit: Int) -> Int {
        loads.firstIndex { $0 < limit } ?? loads.indices.min { loads[$0] < loads[$1] } ?? 0
    }
}
