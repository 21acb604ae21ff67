import Glibc

/// Is told by the kernel of what happens in folders (inotify).
struct FolderWatch: ~Copyable {
    enum Change {
        /// Something appeared, went, or is no longer written; the folder is worth a look.
        case folder(String)
        case file(folder: String, name: String, Catalogue.Event)
        /// The kernel had more to tell than it could keep.
        case overflow
    }

    /// To wait on; -1 when the kernel has no watches to give.
    let descriptor: Int32
    private var folders: [Int32: String] = [:]
    private var watches: [String: Int32] = [:]

    init() {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// - Returns: whether the folder is watched from now on.
    mutating func watch(_ folder: String, at path: String) -> Bool {
        guard descriptor >= 0 else { return false }
        let events = UInt32(
            IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE
                | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR)
        let number = inotify_add_watch(descriptor, path, events)
        guard number >= 0 else { return false }
        if let old = watches[folder], old != number { folders[old] = nil }
        // Two names of one directory share a watch; the last wins, the other is polled.
        if let other = folders[number], other != folder { return false }
        folders[number] = folder
        watches[folder] = number
        return true
    }

    mutating func forget(_ folder: String) {
        guard let number = watches.removeValue(forKey: folder) else { return }
        folders[number] = nil
        inotify_rm_watch(descriptor, number)
    }

    func isWatching(_ folder: String) -> Bool { watches[folder] != nil }

    /// All that has happened since the last call.
    mutating func changes() -> [Change] {
        guard descriptor >= 0 else { return [] }
        var changes: [Change] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = read(descriptor, &buffer, buffer.count)
            guard got > 0 else { return changes }
            var at = 0
            while at + 16 <= got {
                let number = Int32(truncatingIfNeeded: buffer[at..<at + 4].littleEndian)
                let mask = Int32(truncatingIfNeeded: buffer[at + 4..<at + 8].littleEndian)
                let length = buffer[at + 12..<at + 16].littleEndian
                guard at + 16 + length <= got else { break }
                let name = String(
                    decoding: buffer[at + 16..<at + 16 + length].prefix { $0 != 0 }, as: UTF8.self)
                at += 16 + length
                note(number, mask, name, in: &changes)
            }
        }
    }

    private mutating func note(
        _ number: Int32, _ mask: Int32, _ name: String, in changes: inout [Change]
    ) {
        if mask & Int32(IN_Q_OVERFLOW) != 0 { return changes.append(.overflow) }
        guard let folder = folders[number] else { return }
        if mask & Int32(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF) != 0 {
            if mask & Int32(IN_IGNORED) != 0 {
                folders[number] = nil
                watches[folder] = nil
            }
            return changes.append(.folder(folder))
        }
        if mask & Int32(IN_MODIFY) != 0 {
            return changes.append(.file(folder: folder, name: name, .written))
        }
        if mask & Int32(IN_CREATE) != 0, mask & Int32(IN_ISDIR) == 0 {
            changes.append(.folder(folder))
            return
        }
        if mask & Int32(IN_CLOSE_WRITE) != 0 {
            changes.append(.folder(folder))
            return changes.append(.file(folder: folder, name: name, .closed))
        }
        if mask & Int32(IN_MOVED_TO) != 0 {
            changes.append(.folder(folder))
            return changes.append(.file(folder: folder, name: name, .movedIn))
        }
        changes.append(.folder(folder))
    }
}
