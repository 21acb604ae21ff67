package import FoundationEssentials
import Glibc

/// An open directory: what is done through it reaches the directory even when it was renamed.
package struct DirectoryHandle: ~Copyable {
    /// Where it stood when it was opened, for errors.
    package let path: String
    private let descriptor: Int32

    package init(_ path: String) throws(SystemError) {
        self.path = path
        descriptor = try system("open", path) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }

    deinit { close(descriptor) }

    /// Makes the names in it survive a power cut.
    package borrowing func sync() throws(SystemError) {
        try system("fsync", path) { fsync(descriptor) }
    }

    /// Shuts others out until the handle goes, as far as they ask: flock(2), which a crash undoes.
    /// - Parameter isShared: others may share it, as far as they ask for that.
    /// - Returns: false when another has the lock and `waits` is false.
    package borrowing func lock(
        waits: Bool, isShared: Bool = false
    ) throws(SystemError) -> Bool {
        let kind = isShared ? LOCK_SH : LOCK_EX
        do {
            try system("flock", path) { flock(descriptor, waits ? kind : kind | LOCK_NB) }
            return true
        } catch  where error.errno == EWOULDBLOCK {
            return false
        }
    }

    /// Whether this directory is (still) the one at `other`.
    package borrowing func isAt(_ other: String) -> Bool {
        var mine = stat()
        var theirs = stat()
        return fstat(descriptor, &mine) == 0 && stat(other, &theirs) == 0
            && mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev
    }

    /// Changes the directory's times, which an inotify watch of its parent sees.
    package borrowing func touch() throws(SystemError) {
        try system("futimens", path) { futimens(descriptor, nil) }
    }

    // MARK: Files

    /// The whole file; nil when there is none.
    package borrowing func read(_ name: String) throws(SystemError) -> Data? {
        let file: Int32
        do {
            file = try system("open", "\(path)/\(name)") {
                openat(descriptor, name, O_RDONLY | O_CLOEXEC)
            }
        } catch  where error.errno == ENOENT {
            return nil
        }
        defer { close(file) }
        var information = stat()
        try system("fstat", "\(path)/\(name)") { fstat(file, &information) }
        var data = Data(count: max(0, Int(information.st_size)))
        var filled = 0
        while filled < data.count {
            let count = try system("read", "\(path)/\(name)") {
                data.withUnsafeMutableBytes { bytes in
                    let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
                    return Glibc.read(file, rest.baseAddress, rest.count)
                }
            }
            guard count > 0 else { break }
            filled += count
        }
        return data.prefix(filled)
    }

    /// Octets of the file; nil when there is none.
    package borrowing func size(of name: String) -> Int? {
        var information = stat()
        return fstatat(descriptor, name, &information, 0) == 0 ? Int(information.st_size) : nil
    }

    /// Puts a whole file in the place of the old one: a reader, or a power cut, finds one or the
    /// other, never a part.
    /// - Parameter step: called as each step is done, for tests that stop the process there.
    package borrowing func replace(
        _ name: String, with data: Data, step: (ReplacementStep) -> Void = { _ in }
    ) throws(SystemError) {
        let temporary = ".\(name).new"
        try write(temporary, data)
        step(.written)
        try system("rename", "\(path)/\(name)") {
            renameat(descriptor, temporary, descriptor, name)
        }
        step(.renamed)
        try sync()
    }

    package enum ReplacementStep: Sendable { case written, renamed }

    /// Writes and syncs a file, but not its name.
    package borrowing func write(_ name: String, _ data: Data) throws(SystemError) {
        let path = "\(path)/\(name)"
        let file = try system("open", path) {
            openat(descriptor, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        }
        defer { close(file) }
        var written = 0
        while written < data.count {
            written += try system("write", path) {
                data.withUnsafeBytes { bytes in
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    return Glibc.write(file, rest.baseAddress, rest.count)
                }
            }
        }
        try system("fsync", path) { fsync(file) }
    }

    /// Makes a file's octets survive a power cut; nothing when there is none.
    package borrowing func sync(_ name: String) throws(SystemError) {
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        try system("fsync", "\(path)/\(name)") { fsync(file) }
    }

    package borrowing func remove(_ name: String) throws(SystemError) {
        try system("unlink", "\(path)/\(name)") { unlinkat(descriptor, name, 0) }
    }

    /// The names in it but `.` and `..`, in no order.
    package borrowing func names() throws(SystemError) -> [String] {
        let path = path
        let copy = try system("open", path) {
            openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw SystemError(call: "opendir", path: path, errno: Glibc.errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
