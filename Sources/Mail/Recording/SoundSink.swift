internal import CSndfile
import Glibc

/// Memory that libsndfile writes to as if it were a file. One thread uses it.
final class SoundSink {
    private(set) var octets: [UInt8] = []
    /// More was written than the limit allows: what is there is of no use.
    private(set) var isOver = false
    private let limit: Int
    private var position = 0

    init(limit: Int) { self.limit = limit }

    func open(_ information: inout SF_INFO) -> OpaquePointer? {
        var functions = SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(SoundSink.of($0)?.octets.count ?? 0) },
            seek: { offset, origin, context in
                guard let sink = SoundSink.of(context) else { return -1 }
                let base =
                    switch origin {
                    case SEEK_SET: 0
                    case SEEK_CUR: sink.position
                    default: sink.octets.count
                    }
                sink.position = max(0, base + Int(offset))
                return sf_count_t(sink.position)
            },
            read: { buffer, count, context in
                guard let sink = SoundSink.of(context), let buffer else { return 0 }
                let available = max(0, min(Int(count), sink.octets.count - sink.position))
                sink.octets.withUnsafeBytes {
                    buffer.copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: $0[sink.position...]).baseAddress
                            ?? UnsafeRawPointer(buffer), byteCount: available)
                }
                sink.position += available
                return sf_count_t(available)
            },
            write: { buffer, count, context in
                guard let sink = SoundSink.of(context), let buffer else { return 0 }
                sink.write(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
                return count
            },
            tell: { sf_count_t(SoundSink.of($0)?.position ?? 0) })
        return sf_open_virtual(
            &functions, Int32(SFM_WRITE), &information, Unmanaged.passUnretained(self).toOpaque())
    }

    private func write(_ source: UnsafeRawBufferPointer) {
        guard !isOver else { return }
        guard position + source.count <= limit else {
            isOver = true
            octets = []
            return
        }
        if position > octets.count {
            octets.append(contentsOf: repeatElement(0, count: position - octets.count))
        }
        let overlap = min(source.count, octets.count - position)
        octets.replaceSubrange(position..<(position + overlap), with: source[..<overlap])
        octets.append(contentsOf: source[overlap...])
        position += source.count
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> SoundSink? {
        context.map { Unmanaged<SoundSink>.fromOpaque($0).takeUnretainedValue() }
    }
}
