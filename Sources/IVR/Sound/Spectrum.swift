import Glibc

/// The power spectrum of a window of 256 samples (Hann), and what shape it has.
struct Spectrum {
    static let size = 256
    /// 190 Hz to 3.6 kHz at 8 kHz.
    static let band = 6..<116

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
        power = withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * Spectrum.size) {
            let re = UnsafeMutableBufferPointer(rebasing: $0[..<Spectrum.size])
            let im = UnsafeMutableBufferPointer(rebasing: $0[Spectrum.size...])
            re.initialize(repeating: 0)
            im.initialize(repeating: 0)
            for i in 0..<min(samples.count, Spectrum.size) {
                re[Spectrum.reversed[i]] = samples[i] * Spectrum.window[i]
            }
            Spectrum.transform(re, im)
            return (0..<Spectrum.size / 2).map { re[$0] * re[$0] + im[$0] * im[$0] }
        }
    }

    /// Cooley and Tukey's, in place; the input is in bit-reversed order.
    private static func transform(
        _ re: UnsafeMutableBufferPointer<Float>, _ im: UnsafeMutableBufferPointer<Float>
    ) {
        var half = 1
        while half < size {
            let stride = size / (2 * half)
            var block = 0
            while block < size {
                for k in 0..<half {
                    let (c, s) = (cosines[k * stride], sines[k * stride])
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
    }

    /// The share of all power that lies in the two strongest lines, 0 to 1: near 1 for the tones
    /// of a telephone network.
    var concentration: Float {
        var total: Float = 0
        for i in 2..<power.count { total += power[i] }
        guard total > 0 else { return 0 }
        let first = peak(apart: nil)
        let second = peak(apart: first)
        return (line(at: first, apart: nil) + line(at: second, apart: first)) / total
    }

    /// The strongest bin.
    var strongest: Int { peak(apart: nil) }

    /// The strongest bin that is no part of the line at `other`.
    private func peak(apart other: Int?) -> Int {
        var best = 2
        var most: Float = -1
        for i in 2..<power.count where power[i] > most {
            if let other, abs(i - other) <= 2 { continue }
            most = power[i]
            best = i
        }
        return best
    }

    /// A line of a Hann window is three bins wide, four when it lies between two.
    private func line(at peak: Int, apart other: Int?) -> Float {
        var sum: Float = 0
        for i in max(2, peak - 2)...min(power.count - 1, peak + 2) {
            if let other, abs(i - other) <= 2 { continue }
            sum += power[i]
        }
        return sum
    }

    /// Geometric over arithmetic mean in the band: 0.56 for white noise, under 0.3 for speech.
    var flatness: Float {
        var mean: Float = 0
        for i in Spectrum.band { mean += power[i] }
        mean /= Float(Spectrum.band.count)
        guard mean > 0 else { return 1 }
        var logs: Float = 0
        for i in Spectrum.band { logs += logf(max(power[i], mean * 1e-9)) }
        return expf(logs / Float(Spectrum.band.count)) / mean
    }

    /// The amplitudes in the band as a vector of length 1.
    var shape: [Float] {
        var shape = Spectrum.band.map { power[$0].squareRoot() }
        Spectrum.normalise(&shape)
        return shape
    }

    static func normalise(_ vector: inout [Float]) {
        var sum: Float = 0
        for value in vector { sum += value * value }
        guard sum > 0 else { return }
        let scale = 1 / sum.squareRoot()
        for i in vector.indices { vector[i] *= scale }
    }
}
