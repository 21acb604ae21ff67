/// Names one call's media; never used again in the life of a process.
package struct MediaSessionID: Hashable, Sendable, CustomStringConvertible {
    let number: UInt64

    package var description: String { "media session \(number)" }
}
