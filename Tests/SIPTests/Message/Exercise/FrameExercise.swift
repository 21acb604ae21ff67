import SIP

/// What must hold for any octets on a stream, in any reads.
package enum FrameExercise {
    /// - Parameter octets: the first says how long the reads are, the rest is what is read.
    package static func run(_ octets: [UInt8]) throws {
        guard let first = octets.first else { return }
        let stream = octets.dropFirst()
        let inPieces = events(stream, length: Int(first % 64) + 1)
        let atOnce = events(stream, length: max(stream.count, 1))
        guard inPieces == atOnce else { throw MessageExercise.Broken("frames depend on the reads") }
        for case .message(let message) in atOnce { try MessageExercise.run(message) }
    }

    private static func events(_ stream: ArraySlice<UInt8>, length: Int) -> [StreamFramer.Event] {
        var limits = MessageLimits()
        limits.headLength = 2_048
        limits.bodyLength = 2_048
        var framer = StreamFramer(limits: limits)
        var events: [StreamFramer.Event] = []
        var rest = stream
        while !rest.isEmpty {
            framer.append(rest.prefix(length))
            rest = rest.dropFirst(length)
            while true {
                let event = framer.next()
                if event == .needMore { break }
                if case .broken = event {
                    // Which limit is met first may depend on how much came at once.
                    return events + [.broken(.notSIP)]
                }
                events.append(event)
            }
        }
        return events
    }
}
