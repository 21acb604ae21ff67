import Codec
import Playout

/// How a live source's octets are sound: plain samples, channels interleaved.
struct SourceFormat: Equatable, Sendable {
    enum Sample: Equatable, Sendable {
        case unsigned8, signed8
        case signed16, signed24, signed32
        case float32
        case muLaw, aLaw

        var octets: Int {
            switch self {
            case .unsigned8, .signed8, .muLaw, .aLaw: 1
            case .signed16: 2
            case .signed24: 3
            case .signed32, .float32: 4
            }
        }
    }

    var sample: Sample
    var isBigEndian: Bool
    /// Frames per second.
    var rate: Int
    var channels: Int

    /// What a source without a header sends: signed 16 bit, least octet first, 48 kHz, stereo.
    static let raw = SourceFormat(sample: .signed16, isBigEndian: false, rate: 48000, channels: 2)

    var octetsPerFrame: Int { sample.octets * channels }

    /// Octets that make a time of sound, in whole frames.
    func octets(of time: MediaTime) -> Int {
        Int(time.seconds * Double(rate)) * octetsPerFrame
    }

    /// Appends whole frames as samples of -1…1, channels interleaved.
    func decode(_ octets: ArraySlice<UInt8>, into output: inout [Float]) {
        let step = sample.octets
        output.reserveCapacity(output.count + octets.count / step)
        for at in stride(from: octets.startIndex, to: octets.endIndex - step + 1, by: step) {
            output.append(value(octets, at))
        }
    }

    private func value(_ octets: ArraySlice<UInt8>, _ at: Int) -> Float {
        switch sample {
        case .unsigned8: return (Float(octets[at]) - 128) / 128
        case .signed8: return Float(Int8(bitPattern: octets[at])) / 128
        case .muLaw: return Float(G711.sample(muLaw: octets[at])) / 32768
        case .aLaw: return Float(G711.sample(aLaw: octets[at])) / 32768
        case .signed16, .signed24, .signed32, .float32: break
        }
        // The highest octet first, brought to 32 bits.
        var bits: UInt32 = 0
        for i in 0..<sample.octets {
            let octet = octets[isBigEndian ? at + i : at + sample.octets - 1 - i]
            bits |= UInt32(octet) << UInt32(24 - 8 * i)
        }
        guard sample == .float32 else { return Float(Int32(bitPattern: bits)) / 0x1p31 }
        let value = Float(bitPattern: bits)
        return value.isFinite ? value : 0
    }
}
