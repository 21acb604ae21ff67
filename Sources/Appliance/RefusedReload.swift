internal import Synchronization

/// What a reload was refused for, until one is taken: a restart would fail of it.
final class RefusedReload: Sendable {
    private let firstFault = Mutex<String?>(nil)

    /// - Parameter faults: nil when the configuration was taken.
    func note(_ faults: ConfigurationFaults?) {
        let first = faults?.faults.first.map { "\($0)" }
        firstFault.withLock { $0 = first }
    }

    var alarm: String? {
        firstFault.withLock { $0 }.map {
            "the last reload was refused, the old configuration stays in force, and a restart would "
                + "fail: \($0)"
        }
    }
}
