import CSpandsp

/// Hears keys in the sound itself (ITU-T Q.23, Q.24), for callers who send no telephone-event.
final class InbandDigits {
    private let detector: OpaquePointer
    private let step: Int

    /// - Parameter rate: 8000 or a multiple of it.
    init?(rate: Int) {
        guard rate >= 8000, rate % 8000 == 0, let detector = dtmf_rx_init(nil, nil, nil) else {
            return nil
        }
        self.detector = detector
        step = rate / 8000
    }

    deinit { dtmf_rx_free(detector) }

    /// - Returns: the keys that were recognised in `samples` and before.
    func listen(_ samples: ArraySlice<Int16>) -> [Character] {
        var narrow: [Int16] = []
        narrow.reserveCapacity(samples.count / step)
        var at = samples.startIndex
        while at + step <= samples.endIndex {
            // The mean of neighbours: keys lie far below half the rate.
            var sum = 0
            for i in at..<(at + step) { sum += Int(samples[i]) }
            narrow.append(Int16(sum / step))
            at += step
        }
        guard !narrow.isEmpty else { return [] }
        _ = dtmf_rx(detector, narrow, Int32(narrow.count))
        var digits = [CChar](repeating: 0, count: 16)
        let count = dtmf_rx_get(detector, &digits, 15)
        return digits.prefix(max(0, Int(count))).map {
            Character(UnicodeScalar(UInt8(bitPattern: $0)))
        }
    }
}
