import CLinux
import Glibc

/// Looks at the media directory, by name and status only: no file is read.
struct FolderScan {
    /// The media directory.
    let path: String

    /// What is in the media directory: its own files, and the names of the folders in it that may be classes.
    struct Root {
        var contents: FolderContents
        var folders: Set<String>
        var hasDanglingLink: Bool
    }

    func root() -> Root {
        var missing = FolderContents()
        missing.fault = "there is no such directory"
        var result = Root(contents: contents("") ?? missing, folders: [], hasDanglingLink: false)
        guard let names = try? listDirectory(path) else { return result }
        for name in names where !FileNames.isHidden(name) {
            switch status("\(path)/\(name)") {
            case .folder?: result.folders.insert(name)
            case .dangling?: result.hasDanglingLink = true
            default: break
            }
        }
        return result
    }

    /// Folders in `users`, one per user.
    func users() -> Set<String> {
        guard let names = try? listDirectory("\(path)/users") else { return [] }
        return Set(
            names.filter { name in
                if FileNames.isHidden(name) { return false }
                if case .folder? = status("\(path)/users/\(name)") { return true }
                return false
            })
    }

    /// How many folders deep music is looked for.
    static let depth = 8

    /// The music in a folder, and the folders in a class's folder; nil when there is no such
    /// folder.
    func contents(_ folder: String) -> FolderContents? {
        let path = folder.isEmpty ? path : "\(path)/\(folder)"
        let depth = folder.split(separator: "/").count
        var result = FolderContents()
        result.isNotified = !isRemote(path)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        result.seen = Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec)
        do throws(SystemError) {
            for (name, type) in try listDirectoryWithTypes(path) where !FileNames.isHidden(name) {
                if FileNames.isAudio(name), let kind = kind("\(path)/\(name)") {
                    result.files[name] = kind
                    if type == .link { result.hasLinks = true }
                    continue
                }
                guard type != .file, depth > 0, depth < FolderScan.depth,
                    case .folder? = status("\(path)/\(name)")
                else { continue }
                if type == .link {
                    result.linkedFolders.insert(name)
                } else {
                    result.folders.insert(name)
                }
            }
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            result.fault = error.text
        }
        return result
    }

    /// What a file is; nil when there is nothing, or no file.
    func kind(_ path: String) -> FolderContents.Kind? {
        switch status(path) {
        case .file(let identity)?: .file(identity)
        case .dangling?: .danglingLink
        case .fault(let why)?: .unreadable(why)
        case .folder?, .other?, nil: nil
        }
    }

    private enum Status {
        case file(FileIdentity)
        case folder
        case dangling
        case other
        case fault(String)
    }

    private func status(_ path: String) -> Status? {
        var result = stat()
        if stat(path, &result) == 0 {
            switch result.st_mode & S_IFMT {
            case S_IFREG: return .file(FileIdentity(result))
            case S_IFDIR: return .folder
            default: return .other
            }
        }
        let code = errno
        guard lstat(path, &result) == 0 else { return nil }
        if result.st_mode & S_IFMT == S_IFLNK {
            return code == ENOENT || code == ENOTDIR
                ? .dangling : .fault(SystemError(call: "stat", errno: code).text)
        }
        return .fault(SystemError(call: "stat", errno: code).text)
    }
}

/// Whether other machines may change what is at `path` without this kernel's knowledge.
func isRemote(_ path: String) -> Bool {
    guard let descriptor = try? Descriptor(reading: path) else { return false }
    return isRemote(descriptor)
}

/// The same of an open file.
func isRemote(_ descriptor: borrowing Descriptor) -> Bool {
    // linux/magic.h: NFS, SMB, CIFS, SMB2, FUSE, 9P, AFS, Ceph, GFS2, OCFS2
    let remote: Set<UInt32> = [
        0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x5346_414f,
        0x00c3_6400, 0x0116_1970, 0x7461_636f,
    ]
    return remote.contains(UInt32(truncatingIfNeeded: clinux_fstatfs_type(descriptor.number)))
}
