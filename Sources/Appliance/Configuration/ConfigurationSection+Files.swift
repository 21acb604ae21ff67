internal import CDispatch  // Where its header comes first, it is the module of the structures of libc.
internal import Glibc

extension ConfigurationSection {
    /// A file that must be there and readable by this process.
    func readableFile(_ key: String) -> String? {
        guard let path = value(key, .text) else { return nil }
        return isReadable(path, key) ? path : nil
    }

    /// A file that holds a secret: readable by this process, of some octets, and a warning where
    /// everybody on this host can read it.
    func secretFile(_ key: String, atLeast octets: Int = 1) -> String? {
        guard let path = value(key, .text), isReadable(path, key) else { return nil }
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if status.st_size < octets && status.st_mode & S_IFMT == S_IFREG {
            note(
                key, "\(full(key)) '\(path)' is \(status.st_size) octets long",
                "put the secret there, of \(octets) or more")
            return nil
        }
        if status.st_mode & S_IROTH != 0 {
            warn(
                key, "\(full(key)) '\(path)' can be read by everybody on this host",
                "chmod o= '\(path)'")
        }
        return path
    }

    /// A directory that should be there.
    func directory(_ key: String) -> String? {
        guard let path = value(key, .text) else { return nil }
        warnUnlessDirectory(path, key)
        return path
    }

    /// - Parameter remedy: in place of `mkdir`.
    func warnUnlessDirectory(_ path: String, _ key: String, remedy: String? = nil) {
        var status = stat()
        if stat(path, &status) != 0 {
            warn(
                key, "\(full(key)) '\(path)' can't be read: \(String(cString: strerror(errno)))",
                remedy ?? "mkdir -p '\(path)', or name another")
        } else if status.st_mode & S_IFMT != S_IFDIR {
            warn(key, "\(full(key)) '\(path)' is not a directory", "name a directory")
        }
    }

    private func isReadable(_ path: String, _ key: String) -> Bool {
        guard access(path, R_OK) != 0 else { return true }
        note(
            key, "\(full(key)) '\(path)' can't be read: \(String(cString: strerror(errno)))",
            "make it, and let the user that intermezzo runs as read it")
        return false
    }
}
