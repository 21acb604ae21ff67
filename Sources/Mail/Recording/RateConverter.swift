internal import CSoxr

/// Samples at another rate, as a stream.
struct RateConverter: ~Copyable {
    private let state: soxr_t?
    private let ratio: Double

    init(from input: Int, to output: Int) {
        var format = soxr_io_spec(SOXR_INT16_I, SOXR_INT16_I)
        var quality = soxr_quality_spec(UInt(SOXR_HQ), 0)
        state = soxr_create(Double(input), Double(output), 1, nil, &format, &quality, nil)
        ratio = Double(output) / Double(input)
    }

    deinit { soxr_delete(state) }

    mutating func convert(_ samples: [Int16]) -> [Int16] {
        var converted: [Int16] = []
        var rest = samples[...]
        while !rest.isEmpty {
            var taken = 0
            converted += process(Array(rest), taken: &taken)
            guard taken > 0 else { break }
            rest = rest.dropFirst(taken)
        }
        return converted
    }

    /// What is still in the filter.
    mutating func finish() -> [Int16] {
        var converted: [Int16] = []
        while true {
            var taken = 0
            let part = process(nil, taken: &taken)
            if part.isEmpty { return converted }
            converted += part
        }
    }

    private func process(_ samples: [Int16]?, taken: inout Int) -> [Int16] {
        let count = samples?.count ?? 0
        var made = 0
        var result = [Int16](repeating: 0, count: Int(Double(count) * ratio) + 4096)
        let size = result.count
        if let samples {
            _ = soxr_process(state, samples, count, &taken, &result, size, &made)
        } else {
            _ = soxr_process(state, nil, 0, nil, &result, size, &made)
        }
        return Array(result.prefix(made))
    }
}
