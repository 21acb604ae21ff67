/// The level that a fifth of the last four seconds lies under, in dB.
struct NoiseFloor: Sendable {
    private static let count = 124

    private var recent: [Float] = []
    /// Where the oldest is, once there are as many as count.
    private var oldest = 0
    private var ordered: [Float] = []

    /// 0 dB before anything was heard.
    var level: Float { ordered.isEmpty ? 0 : ordered[ordered.count / 5] }

    /// - Parameter level: of the next window.
    mutating func take(_ level: Float) {
        if recent.count < NoiseFloor.count {
            recent.append(level)
        } else {
            ordered.remove(at: place(of: recent[oldest]))
            recent[oldest] = level
            oldest = (oldest + 1) % NoiseFloor.count
        }
        ordered.insert(level, at: place(of: level))
    }

    /// The first that is not under `level`.
    private func place(of level: Float) -> Int {
        var (low, high) = (0, ordered.count)
        while low < high {
            let middle = (low + high) / 2
            if ordered[middle] < level { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
