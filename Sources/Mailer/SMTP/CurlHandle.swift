internal import CCurl
import Glibc

/// libcurl could not be set up, or failed in a way of its own.
struct CurlError: Error, Equatable, CustomStringConvertible {
    var code: UInt32
    /// What the library says of it.
    var text: String
    var description: String { "\(text) (curl \(code))" }
}

/// A libcurl easy handle with its connections. One thread uses it at a time.
struct CurlHandle: ~Copyable {
    private static let initialised: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    private let easy: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>

    init() throws(CurlError) {
        guard CurlHandle.initialised, let easy = curl_easy_init() else {
            throw CurlError(code: CURLE_FAILED_INIT.rawValue, text: "libcurl can't be initialised")
        }
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// Forgets all options, and keeps the connections.
    borrowing func reset() {
        curl_easy_reset(easy)
        errorText.pointee = 0
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        // Threads must not be signalled, nor the environment or a .netrc decide where mail goes.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROXY, "")
    }

    borrowing func set(_ option: CURLoption, _ value: Int) {
        ccurl_set_long(easy, option, value)
    }

    /// libcurl copies the text.
    borrowing func set(_ option: CURLoption, _ text: String) {
        text.withCString { _ = ccurl_set_pointer(easy, option, $0) }
    }

    borrowing func set(_ option: CURLoption, octets: Int) {
        ccurl_set_offset(easy, option, curl_off_t(octets))
    }

    /// Sends what `source` gives, and reports every line of a dialogue to `source`.
    borrowing func perform(_ source: CurlSource) throws(CurlError) {
        let context = Unmanaged.passUnretained(source).toOpaque()
        ccurl_set_read(
            easy,
            { buffer, size, count, context in
                guard let buffer, let context else { return 0 }
                return Unmanaged<CurlSource>.fromOpaque(context).takeUnretainedValue()
                    .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
            }, context)
        ccurl_set_write(
            easy,
            { octets, size, count, context in
                guard let octets, let context else { return 0 }
                Unmanaged<CurlSource>.fromOpaque(context).takeUnretainedValue()
                    .answered(UnsafeRawBufferPointer(start: octets, count: size * count))
                return size * count
            }, context)
        ccurl_set_header(
            easy,
            { octets, size, count, context in
                guard let context else { return 0 }
                let source = Unmanaged<CurlSource>.fromOpaque(context).takeUnretainedValue()
                return source.goesOn ? size * count : 0
            }, context)
        ccurl_set_debug(
            easy,
            { _, kind, octets, count, context in
                guard let octets, let context else { return 0 }
                Unmanaged<CurlSource>.fromOpaque(context).takeUnretainedValue()
                    .noticed(kind, UnsafeRawBufferPointer(start: octets, count: count))
                return 0
            }, context)
        let code = withExtendedLifetime(source) { curl_easy_perform(easy) }
        guard code != CURLE_OK else { return }
        var detail = String(cString: errorText)
        // libcurl doesn't say whether nobody listens or nobody answers; the system does.
        var system = 0
        ccurl_get_long(easy, CURLINFO_OS_ERRNO, &system)
        if code == CURLE_COULDNT_CONNECT && system != 0 {
            detail += ": " + String(cString: strerror(Int32(clamping: system)))
        }
        let general = String(cString: curl_easy_strerror(code))
        throw CurlError(code: code.rawValue, text: detail.isEmpty ? general : detail)
    }

    /// The status of an HTTP answer.
    var responseCode: Int {
        var code = 0
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &code)
        return code
    }

    /// A list of strings for an option that takes one; kept until `body` has returned.
    borrowing func withList<Failure: Error>(
        _ option: CURLoption, _ items: [String], _ body: () throws(Failure) -> Void
    ) throws(Failure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for item in items { list = curl_slist_append(list, item) }
        ccurl_set_pointer(easy, option, list)
        defer {
            ccurl_set_pointer(easy, option, nil)
            curl_slist_free_all(list)
        }
        try body()
    }
}

/// What a transfer sends and hears.
class CurlSource {
    private let octets: [UInt8]
    private var sent = 0
    private var isHandedOver = false
    /// The first of the answer's body.
    private(set) var answer: [UInt8] = []

    init(_ octets: [UInt8]) { self.octets = octets }

    var count: Int { octets.count }

    /// Everything was handed over.
    func handedOver() {}

    /// Whether what was heard so far lets the transfer go on; asked after each line.
    var goesOn: Bool { true }

    /// A line of the dialogue.
    func noticed(_ kind: curl_infotype, _ line: UnsafeRawBufferPointer) {}

    final func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, octets.count - sent)
        octets.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<(sent + count)]))
        }
        sent += count
        if sent == octets.count && !isHandedOver {
            isHandedOver = true
            handedOver()
        }
        return count
    }

    final func answered(_ bytes: UnsafeRawBufferPointer) {
        answer.append(contentsOf: bytes.prefix(max(0, 500 - answer.count)))
    }
}
