import Glibc

/// The power spectrum of a window of 256 samples (Hann), and what shape it has.
struct Spectrum {
    static let size = 256

    /// Bins 0 to 127.
    let power: [Float]

    private static let window: [Float] = (0..<size).map {
        0.5 - 0.5 * Float(cos(2 * Double.pi * Double($0) / Double(size)))
    }
    private static let cosines: [Float] = (0..<size / 2).map {
        Float(cos(2 * Double.pi * Double($0) / Double(size)))
    }
    private static let sines: [Float] = (0..<size / 2).map {
        Float(-sin(2 * Double.pi * Double($0) / Double(size)))
    }
    private static let reversed: [Int] = (0..<size).map { i in
        (0..<8).reduce(0) { $0 << 1 | (i >> $1 & 1) }
    }

    /// - Parameter samples: ``size`` of them.
    init(_ samples: [Float]) {
        var re = [Float](repeating: 0, count: Spectrum.size)
        var im = re
        for i in 0..<min(samples.count, Spectrum.size) {
            re[Spectrum.reversed[i]] = samples[i] * Spectrum.window[i]
        }
        var half = 1
        while half < Spectrum.size {
            let stride = Spectrum.size / (2 * half)
            var block = 0
            while block < Spectrum.size {
                for k in 0..<half {
                    let (c, s) = (Spectrum.cosines[k * stride], Spectrum.sines[k * stride])
                    let a = block + k
                    let b = a + half
                    let tr = re[b] * c - im[b] * s
                    let ti = re[b] * s + im[b] * c
                    re[b] = re[a] - tr
                    im[b] = im[a] - ti
                    re[a] += tr
                    im[a] += ti
                }
                block += 2 * half
            }
            half *= 2
        }
        power = (0..<Spectrum.size / 2).map { re[$0] * re[$0] + im[$0] * im[$0] }
    }

    /// The share of all power that lies in the two strongest lines, 0 to 1: near 1 for the tones
    /// of a telephone network.
    var concentration: Float {
        let total = power[2...].reduce(0, +)
        guard total > 0 else { return 0 }
        var rest = power
        rest[0] = 0
        rest[1] = 0
        var lines: Float = 0
        for _ in 0..<2 {
            guard let peak = rest.indices.max(by: { rest[$0] < rest[$1] }) else { break }
            // A line of a Hann window is three bins wide, four when it lies between two.
            for i in max(2, peak - 2)...min(rest.count - 1, peak + 2) {
                lines += rest[i]
                rest[i] = 0
            }
        }
        return lines / total
    }

    /// Geometric over arithmetic mean from 190 Hz to 3.6 kHz at 8 kHz: 0.56 for white noise, under
    /// 0.3 for speech.
    var flatness: Float {
        let band = power[6..<116]
        let mean = band.reduce(0, +) / Float(band.count)
        guard mean > 0 else { return 1 }
        let logs = band.reduce(Float(0)) { $0 + logf(max($1, mean * 1e-9)) }
        return expf(logs / Float(band.count)) / mean
    }
}
