import Glibc
internal import UserAgent

/// How many files and sockets the process may have open at once: RLIMIT_NOFILE.
package struct DescriptorLimit: Equatable, CustomStringConvertible {
    /// What the kernel refuses above.
    package var soft: Int
    /// What the process may raise it to.
    package var hard: Int

    /// As it is now.
    package init() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        soft = Int(clamping: limit.rlim_cur)
        hard = Int(clamping: limit.rlim_max)
    }

    package init(soft: Int, hard: Int) {
        self.soft = soft
        self.hard = hard
    }

    /// Raises the soft limit to the hard one: 1024, which is what most shells give, is there for
    /// programs that use select(2).
    /// - Returns: the limit that holds from now on.
    static func raise() -> DescriptorLimit {
        let before = DescriptorLimit()
        guard before.soft < before.hard else { return before }
        var limit = rlimit(rlim_cur: rlim_t(before.hard), rlim_max: rlim_t(before.hard))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return DescriptorLimit()
    }

    /// What a configuration may come to need: two sockets and a file for each recording, one for
    /// each TCP connection, and some for everything else.
    package static func need(_ configuration: Configuration) -> Int {
        3 * configuration.voicemail.maximumRecordings + configuration.sip.limits.maximumConnections
            + 256
    }

    /// What an operator should know; nil when there are enough.
    package func alarm(_ configuration: Configuration) -> String? {
        let need = DescriptorLimit.need(configuration)
        guard soft < need else { return nil }
        return "\(soft) open files are allowed, and voicemail.max-recordings with"
            + " sip.max-connections may need \(need); raise LimitNOFILE or `ulimit -Hn`,"
            + " or lower these keys"
    }

    package var description: String { "\(soft) open files" }
}
