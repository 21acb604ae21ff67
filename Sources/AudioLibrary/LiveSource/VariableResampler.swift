import CSoxr

/// Brings sound to another sample rate by a ratio that can change a little while it runs.
struct VariableResampler: ~Copyable {
    let channels: Int
    private let state: OpaquePointer
    private let ratio: Double
    private var speed = 1.0

    /// - Parameter channels: interleaved in input and output.
    init(from input: Int, to output: Int, channels: Int) throws(PreparationError) {
        self.channels = channels
        ratio = Double(input) / Double(output)
        var error: soxr_error_t?
        var quality = soxr_quality_spec(UInt(SOXR_HQ), UInt(SOXR_VR))
        // In this mode the rates given here are the highest ratio that will be asked for.
        let made = soxr_create(
            ratio * (1 + 2 * DriftControl.limit), 1, UInt32(channels), &error, nil, &quality, nil)
        guard let made else {
            throw .library("soxr_create: \(error.map { String(cString: $0) } ?? "no memory")")
        }
        state = made
        soxr_set_io_ratio(state, ratio, 0)
    }

    deinit { soxr_delete(state) }

    /// Takes the input faster (above 1) or slower from now on.
    mutating func setSpeed(_ speed: Double) {
        // A change of less is not worth the work.
        guard abs(speed - self.speed) > 1e-6 else { return }
        self.speed = speed
        soxr_set_io_ratio(state, ratio * speed, 480)
    }

    /// Appends what comes out when `input` goes in.
    mutating func process(_ input: Span<Float>, into output: inout [Float]) throws(PreparationError)
    {
        let frames = input.count / channels
        let room = Int(Double(frames) / ratio * 1.01) + 1024
        var used = 0
        while used < frames {
            let before = output.count
            output.append(contentsOf: repeatElement(0, count: room * channels))
            var taken = 0
            var made = 0
            let error = input.withUnsafeBufferPointer { source in
                output.withUnsafeMutableBufferPointer { target in
                    soxr_process(
                        state, source.baseAddress.map { $0 + used * channels }, frames - used,
                        &taken, target.baseAddress.map { $0 + before }, room, &made)
                }
            }
            output.removeLast((room - made) * channels)
            if let error { throw .library("soxr_process: \(String(cString: error))") }
            if taken == 0 && made == 0 { return }
            used += taken
        }
    }
}
