import CEbur128

/// Integrated loudness and true peak as EBU R 128 defines them.
struct LoudnessMeter: ~Copyable {
    private var state: UnsafeMutablePointer<ebur128_state>?
    private let channels: Int
    private var peaks: TruePeakMeter

    init(sampleRate: Int, channels: Int) throws(PreparationError) {
        self.channels = channels
        peaks = TruePeakMeter(channels: channels)
        state = ebur128_init(UInt32(channels), UInt(sampleRate), Int32(EBUR128_MODE_I.rawValue))
        if state == nil { throw .library("ebur128_init: no memory") }
    }

    deinit {
        var state = state
        if state != nil { ebur128_destroy(&state) }
    }

    /// - Parameter samples: channels interleaved.
    mutating func add(_ samples: Span<Float>) throws(PreparationError) {
        peaks.add(samples)
        let code = samples.withUnsafeBufferPointer {
            ebur128_add_frames_float(state, $0.baseAddress, $0.count / channels)
        }
        guard code == EBUR128_SUCCESS.rawValue else {
            throw .library("ebur128_add_frames_float: \(code)")
        }
    }

    /// In LUFS; minus infinity for silence, and for less than 0.4 s of sound.
    var loudness: Double {
        var value = -Double.infinity
        ebur128_loudness_global(state, &value)
        return value
    }

    /// The highest of all channels, 1 being full scale.
    var truePeak: Double { Double(peaks.peak) }
}
