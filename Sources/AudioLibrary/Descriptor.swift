import Glibc

/// An open file, closed when this ends.
struct Descriptor: ~Copyable {
    let number: Int32

    init(adopting number: Int32) { self.number = number }

    /// Opens `path` for reading. Never waits, as opening a named pipe would.
    init(reading path: String) throws(SystemError) {
        number = try system("open") { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    }

    /// Makes or empties `path` for writing.
    init(creating path: String) throws(SystemError) {
        number = try system("open") { open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    }

    deinit { close(number) }

    func status() throws(SystemError) -> stat {
        var result = stat()
        _ = try system("fstat") { fstat(number, &result) }
        return result
    }

    /// Octets from `offset`, fewer only at the end of the file.
    func read(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        try Descriptor.read(number, at: offset, count: count)
    }

    /// The same of an open file that something else owns.
    static func read(_ number: Int32, at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let octets = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let base = buffer.baseAddress {
                do throws(SystemError) {
                    let got = try system("pread") {
                        pread(number, base + filled, count - filled, Int(offset) + filled)
                    }
                    if got == 0 { return }
                    filled += got
                } catch {
                    failure = error
                    return
                }
            }
        }
        if let failure { throw failure }
        return octets
    }

    /// Writes all of `octets` at `offset` of an open file.
    static func write(_ octets: [UInt8], to number: Int32, at offset: Int64) throws(SystemError) {
        var done = 0
        while done < octets.count {
            done += try system("pwrite") {
                octets.withUnsafeBytes { bytes in
                    bytes.baseAddress.map {
                        pwrite(number, $0 + done, bytes.count - done, Int(offset) + done)
                    } ?? 0
                }
            }
        }
    }
}

/// Makes the directory and those above it that are missing.
func makeDirectories(_ path: String) throws(SystemError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
        throw SystemError(call: "mkdir", errno: errno)
    }
    try makeDirectories(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
        throw SystemError(call: "mkdir", errno: errno)
    }
}

/// Names in a directory but for `.` and `..`, in no order.
func listDirectory(_ path: String) throws(SystemError) -> [String] {
    try listDirectoryWithTypes(path).map(\.name)
}

/// What a name in a directory stands for, where the file system tells that for free.
enum EntryType {
    case file, folder, link, unknown

    init(_ type: UInt8) {
        switch Int(type) {
        case Int(DT_REG): self = .file
        case Int(DT_DIR): self = .folder
        case Int(DT_LNK): self = .link
        default: self = .unknown
        }
    }
}

/// The same, each with its type.
func listDirectoryWithTypes(
    _ path: String
) throws(SystemError) -> [(name: String, type: EntryType)] {
    guard let directory = opendir(path) else { throw SystemError(call: "opendir", errno: errno) }
    defer { closedir(directory) }
    var names: [(name: String, type: EntryType)] = []
    while true {
        errno = 0
        guard let entry = readdir(directory) else {
            if errno != 0 { throw SystemError(call: "readdir", errno: errno) }
            return names
        }
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." {
            names.append((name, EntryType(entry.pointee.d_type)))
        }
    }
}
