import CSoxr

/// Brings sound to another sample rate, without delay: output sample 0 is at input sample 0.
///
/// The pass band reaches to 95 % of what the lower of both rates can carry (3.8 kHz of telephone
/// band), the stop band begins at 100 %.
struct Resampler: ~Copyable {
    let channels: Int
    private let state: OpaquePointer?
    private let ratio: Double

    /// - Parameters:
    ///   - input: frames per second, or per whatever time `output` is for as well.
    ///   - channels: interleaved in input and output.
    init(from input: Double, to output: Double, channels: Int) throws(PreparationError) {
        self.channels = channels
        ratio = output / input
        guard input != output else {
            state = nil
            return
        }
        var error: soxr_error_t?
        var quality = soxr_quality_spec(UInt(SOXR_20_BITQ), 0)
        quality.passband_end = 0.95
        state = soxr_create(
            input, output, UInt32(channels), &error, nil, &quality, nil)
        if state == nil {
            throw .library("soxr_create: \(error.map { String(cString: $0) } ?? "no memory")")
        }
    }

    deinit {
        if let state { soxr_delete(state) }
    }

    /// Appends what comes out when `input` goes in.
    mutating func process(_ input: Span<Float>, into output: inout [Float]) throws(PreparationError)
    {
        guard let state else {
            input.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            return
        }
        let frames = input.count / channels
        var used = 0
        while used < frames {
            used += try step(state, input, from: used, into: &output)
        }
    }

    /// Appends what is left inside after the last input.
    mutating func finish(into output: inout [Float]) throws(PreparationError) {
        guard let state else { return }
        let empty: [Float] = []
        while true {
            let before = output.count
            _ = try step(state, empty.span, from: nil, into: &output)
            if output.count == before { return }
        }
    }

    /// - Parameter start: the first frame to take; nil at the end of input.
    /// - Returns: frames that were taken.
    private func step(
        _ state: OpaquePointer, _ input: Span<Float>, from start: Int?, into output: inout [Float]
    ) throws(PreparationError) -> Int {
        let frames = input.count / channels - (start ?? 0)
        let room = max(4096, Int(Double(frames) * ratio) + 4096)
        let before = output.count
        output.append(contentsOf: repeatElement(0, count: room * channels))
        var taken = 0
        var made = 0
        let error = input.withUnsafeBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                soxr_process(
                    state, start.flatMap { at in source.baseAddress.map { $0 + at * channels } },
                    frames, &taken, target.baseAddress.map { $0 + before }, room, &made)
            }
        }
        output.removeLast((room - made) * channels)
        if let error { throw .library("soxr_process: \(String(cString: error))") }
        return taken
    }
}
