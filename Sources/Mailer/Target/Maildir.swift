internal import FoundationEssentials
import Glibc
internal import Primitives
internal import Spool

/// The Maildirs of users below one directory: `ROOT/USER/{tmp,new,cur}`.
struct Maildir {
    let root: String
    let faults: Faults

    /// Puts a mail in `new/`, synced with its name.
    ///
    /// - Parameter name: the message's own and what tells this mail from its others, so that a
    ///   delivery which is repeated after a crash finds what is there already, be it unread or read.
    /// - Returns: the path of the mail, and whether it had been there before.
    func deliver(
        _ mail: [UInt8], name: String, at time: WallClockTime, to user: String
    ) throws(SystemError) -> (path: String, isRepeated: Bool) {
        guard Maildir.isName(user) else {
            throw SystemError(call: "mailbox", path: user, errno: EINVAL)
        }
        let box = "\(root)/\(user)"
        try makeMailbox(box)
        // SECONDS.UNIQUE.HOST: no '/' and no ':' can be in an identifier.
        let name = "\(time.nanoseconds / 1_000_000_000).\(name).intermezzo"
        let new = try DirectoryHandle("\(box)/new")
        if let path = existing(name, in: box, new) { return (path, true) }
        let temporary = try DirectoryHandle("\(box)/tmp")
        try temporary.write(name, Data(mail.filter { $0 != 13 }))
        faults.at(.maildirWritten)
        let (source, target) = ("\(box)/tmp/\(name)", "\(box)/new/\(name)")
        try system("rename", source) { rename(source, target) }
        faults.at(.maildirRenamed)
        try new.sync()
        return (target, false)
    }

    private func existing(
        _ name: String, in box: String, _ new: borrowing DirectoryHandle
    ) -> String? {
        if new.size(of: name) != nil { return "\(box)/new/\(name)" }
        // A reader moves it and adds its flags.
        let read = (try? DirectoryHandle("\(box)/cur").names()) ?? []
        return read.first { $0 == name || $0.hasPrefix("\(name):") }.map { "\(box)/cur/\($0)" }
    }

    private func makeMailbox(_ box: String) throws(SystemError) {
        guard access("\(box)/tmp", F_OK) != 0 else { return }
        var path = root.hasPrefix("/") ? "/" : ""
        for part in root.split(separator: "/") {
            path += path.isEmpty || path == "/" ? String(part) : "/\(part)"
            try makeDirectory(path, 0o755)
        }
        try makeDirectory(box, 0o700)
        // `tmp` last: where it is, the others are.
        for part in ["cur", "new", "tmp"] { try makeDirectory("\(box)/\(part)", 0o700) }
        try DirectoryHandle(box).sync()
        try DirectoryHandle(root).sync()
    }

    private func makeDirectory(_ path: String, _ mode: mode_t) throws(SystemError) {
        do {
            try system("mkdir", path) { mkdir(path, mode) }
        } catch  where error.errno == EEXIST {
        }
    }

    /// Whether a user's name can be a directory's.
    static func isName(_ user: String) -> Bool {
        !user.isEmpty && user.utf8.count <= 200 && !user.hasPrefix(".")
            && !user.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
    }
}
