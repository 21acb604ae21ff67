import CSndfile
import Glibc
import Synchronization

/// A sound file of any format that libsndfile reads, told by its content and not by its name.
struct AudioFile: PCMSource, ~Copyable {
    let sampleRate: Int
    let channels: Int
    /// Seconds that the header promises beyond what the file holds.
    let missing: Double
    /// Frames that the header promises, where its word can be held against the decoder's.
    let promisedFrames: Int64?
    /// What libsndfile makes of the header; for showing progress and nothing else.
    let expectedFrames: Int64
    /// What the file itself says it is called, with its artist.
    let title: String?

    private let window: UnsafeMutablePointer<csndfile_window>
    private var file: OpaquePointer

    /// - Parameter descriptor: stays the caller's, and open for as long as this lives.
    init(_ descriptor: borrowing Descriptor) throws(PreparationError) {
        let number = descriptor.number
        let size: Int64
        do throws(SystemError) {
            size = Int64(try descriptor.status().st_size)
        } catch { throw PreparationError(error) }
        guard size > 0 else { throw .empty }
        func read(_ offset: Int64, _ count: Int) -> [UInt8] {
            // What can't be read is missed by libsndfile as well, which then says so.
            (try? Descriptor.read(number, at: offset, count: count)) ?? []
        }

        var window = csndfile_window()
        window.fd = number
        window.length = size
        var missing = 0.0
        if let layout = WaveLayout(size: size, read: read) {
            guard !layout.data.isEmpty else { throw .empty }
            window.offset = layout.data.lowerBound
            window.length = layout.data.upperBound - layout.data.lowerBound
            if !layout.isMP3 {
                let header = layout.header
                withUnsafeMutableBytes(of: &window.head) { $0.copyBytes(from: header) }
                window.head_length = Int32(header.count)
            }
            let rate = layout.format[8..<12].littleEndian
            if rate > 0 { missing = Double(layout.missing) / Double(rate) }
        } else {
            window.offset = AudioFile.tagLength(size: size, read: read)
            window.length = size - window.offset
        }

        let place = UnsafeMutablePointer<csndfile_window>.allocate(capacity: 1)
        place.initialize(to: window)
        var info = SF_INFO()
        let file: OpaquePointer
        do {
            file = try AudioFile.open(place, &info)
        } catch {
            place.deallocate()
            throw error
        }
        let rate = Int(info.samplerate)
        let count = Int(info.channels)
        guard (1000...768_000).contains(rate), (1...64).contains(count) else {
            sf_close(file)
            place.deallocate()
            throw (1...64).contains(count) ? .sampleRate(rate) : .tooManyChannels(count)
        }
        let isFLAC = info.format & Int32(SF_FORMAT_TYPEMASK) == Int32(SF_FORMAT_FLAC)
        let names = [SF_STR_ARTIST, SF_STR_TITLE].map { kind in
            sf_get_string(file, Int32(kind)).map { String(cString: $0) } ?? ""
        }
        self.window = place
        self.file = file
        self.missing = missing
        sampleRate = rate
        channels = count
        expectedFrames = info.frames
        promisedFrames = isFLAC && (1..<1 << 48).contains(info.frames) ? info.frames : nil
        title =
            names[1].isEmpty
            ? nil : names.filter { !$0.isEmpty }.joined(separator: ": ")
    }

    deinit {
        sf_close(file)
        window.deallocate()
    }

    mutating func read(into buffer: inout [Float]) throws(PreparationError) -> Int {
        let frames = buffer.count / channels
        let got = buffer.withUnsafeMutableBufferPointer { floats -> Int64 in
            guard let base = floats.baseAddress else { return 0 }
            return sf_readf_float(file, base, sf_count_t(frames))
        }
        guard got >= 0 else { throw .library("sf_readf_float: \(got)") }
        return Int(got)
    }

    /// Refuses a file of which a part is plainly missing, once its frames have been counted.
    func checkCompleteness(frames: Int64) throws(PreparationError) {
        let found = Double(frames) / Double(sampleRate)
        let promised = promisedFrames.map { Double($0) / Double(sampleRate) } ?? found + missing
        // Headers that are wrong by a little are common and harmless.
        if promised - found > 0.1 { throw .cutShort(promised: promised, found: found) }
    }

    /// libsndfile keeps the reason of a failed opening in one place for all threads.
    private static let opening = Mutex<Void>(())

    private static func open(
        _ window: UnsafeMutablePointer<csndfile_window>, _ info: inout SF_INFO
    ) throws(PreparationError) -> OpaquePointer {
        var file: OpaquePointer?
        var reason = ""
        opening.withLock { _ in
            file = csndfile_open(window, &info)
            if file == nil { reason = String(cString: sf_strerror(nil)) }
        }
        guard let file else { throw .unreadable(reason) }
        return file
    }

    /// By opening it anew: not every format can be wound back, and those that can don't all come
    /// to exactly the first sample.
    mutating func rewind() throws(PreparationError) {
        window.pointee.at = 0
        var info = SF_INFO()
        let again = try AudioFile.open(window, &info)
        sf_close(file)
        file = again
        guard Int(info.samplerate) == sampleRate, Int(info.channels) == channels else {
            throw .changed
        }
    }

    /// Octets of the ID3v2 tags that stand before everything else.
    private static func tagLength(size: Int64, read: (Int64, Int) -> [UInt8]) -> Int64 {
        var at: Int64 = 0
        for _ in 0..<16 {
            let head = read(at, 10)
            guard head.count == 10, head[0..<3].elementsEqual("ID3".utf8),
                head[6..<10].allSatisfy({ $0 < 0x80 })
            else { break }
            let body = head[6..<10].reduce(0) { $0 << 7 | Int64($1) }
            let footer: Int64 = head[5] & 0x10 == 0 ? 0 : 10
            guard at + 10 + body + footer < size else { break }
            at += 10 + body + footer
        }
        return at
    }
}

extension PreparationError {
    init(_ error: SystemError) {
        self = .system(call: error.call, errno: error.errno, text: error.text)
    }
}
