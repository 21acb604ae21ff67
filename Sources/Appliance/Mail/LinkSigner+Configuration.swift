internal import Foundation
import Glibc
internal import Mail
internal import Spool

extension LinkSigner {
    /// Made at the first start where the configuration names no key, for this user's eyes alone.
    private static let keyFile = "link-key"

    init(_ link: Configuration.Voicemail.Link, _ spool: Spool) throws(LinkKeyError) {
        let path = link.keyFile ?? "\(spool.directory)/\(LinkSigner.keyFile)"
        if link.keyFile == nil { try LinkSigner.makeKey(path, in: spool) }
        // Of a device such as /dev/zero no more than a key's worth.
        guard let file = FileHandle(forReadingAtPath: path),
            let key = try? file.read(upToCount: 4096), key.count >= 16
        else {
            throw LinkKeyError(path: path, cause: "it can't be read, or has fewer than 16 octets")
        }
        self.init(baseURL: link.baseURL, lifetime: link.expiry, key: Array(key))
    }

    private static func makeKey(_ path: String, in spool: Spool) throws(LinkKeyError) {
        guard access(path, F_OK) != 0 else { return }
        func failure() -> LinkKeyError {
            LinkKeyError(path: path, cause: String(cString: strerror(errno)))
        }
        var random = SystemRandomNumberGenerator()
        let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        // Whole under its name, or not there.
        let temporary = "\(path).new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        guard write(file, key, key.count) == key.count, fsync(file) == 0,
            rename(temporary, path) == 0
        else { throw failure() }
        // Else a power cut takes the key, and with it every link that was mailed by then.
        let directory = open(spool.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure() }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure() }
    }
}

/// The key that signs links can't be had.
struct LinkKeyError: Error, CustomStringConvertible {
    var path: String
    var cause: String

    var description: String {
        "the key of links \(path) can't be used: \(cause); see who may read and write there"
    }
}
