package import IVR
package import Primitives

/// Which recordings somebody is bothered with.
package enum MessageRule {
    /// - Parameter rate: samples a second of the verdict.
    /// - Returns: why a recording is not mailed; nil when it is.
    package static func obstacle(
        to verdict: MessageVerdict, rate: Int, minimumLength: Interval
    ) -> String? {
        guard verdict.kind == .speech else { return verdict.kind.rawValue }
        let length = Interval(
            nanoseconds: Int64(verdict.length) * 1_000_000_000 / Int64(max(1, rate)))
        // Some packets' worth is forgiven: nobody stops a watch.
        return length < minimumLength - .milliseconds(100) ? "too short" : nil
    }
}
