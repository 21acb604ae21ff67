import CSoxr

/// A stream of samples at another rate.
final class RateConverter {
    let input: Int
    private let output: Int
    private let state: soxr_t?

    init(from input: Int, to output: Int) {
        self.input = input
        self.output = output
        var format = soxr_io_spec(SOXR_INT16_I, SOXR_INT16_I)
        var quality = soxr_quality_spec(UInt(SOXR_LQ), 0)
        state = soxr_create(Double(input), Double(output), 1, nil, &format, &quality, nil)
    }

    deinit { soxr_delete(state) }

    func convert(_ samples: [Int16]) -> [Int16] {
        guard let state else { return [] }
        var result = [Int16](repeating: 0, count: samples.count * output / max(1, input) + 256)
        var taken = 0
        var made = 0
        _ = soxr_process(
            state, samples, samples.count, &taken, &result, result.count, &made)
        return Array(result.prefix(made))
    }
}
