internal import FoundationEssentials
import Glibc
package import Primitives

extension Spool {
    package static let trash = ".trash"

    /// Sets a queued message aside; it is not delivered until it is released.
    ///
    /// This and the following throw ``SpoolError/busy(_:)`` when it is being delivered.
    package func hold(_ id: MessageIdentifier) throws(SpoolError) {
        if let state = state(of: id), state != .queue {
            throw state == .recording ? .busy(id) : .unfit(id, state)
        }
        let message = try open(id, in: .queue, locks: true)
        try move(id, from: .queue, to: .held)
        _ = message.path
    }

    /// Puts a held, failed or discarded message (back) in the queue.
    package func release(_ id: MessageIdentifier) throws(SpoolError) {
        guard let state = state(of: id), [.held, .failed, .discarded].contains(state) else {
            throw .unknown(id, .held)
        }
        let message = try open(id, in: state, locks: true)
        try move(id, from: state, to: .queue)
        _ = message.path
    }

    /// Removes a message for good; one that is being recorded is ``SpoolError/busy(_:)``.
    package func delete(_ id: MessageIdentifier) throws(SpoolError) {
        guard let state = state(of: id) else { throw .unknown(id, nil) }
        guard state != .recording else { throw .busy(id) }
        let message = try open(id, in: state, locks: true)
        try remove(id, from: state)
        _ = message.path
    }

    /// Removes a message. It leaves its state by one rename, so that no part of it is ever taken
    /// for a message.
    package func remove(_ id: MessageIdentifier, from state: SpoolState) throws(SpoolError) {
        let source = path(of: id, in: state)
        let target = "\(directory)/\(Spool.trash)/\(id)"
        do throws(SystemError) {
            try system("rename", source) { rename(source, target) }
            faults.at(.removeMoved)
            try DirectoryHandle(path(of: state)).sync()
            try Spool.removeTree(target)
            faults.at(.removeEmptied)
        } catch  where error.errno == ENOENT {
            throw .unknown(id, state)
        } catch {
            throw .system(error)
        }
    }

    /// Removes what has stood in `state` since before `limit`.
    /// - Parameter keeps: whether a message stays all the same.
    /// - Returns: how many.
    @discardableResult
    package func expire(
        _ state: SpoolState, before limit: WallClockTime,
        keeping keeps: (MessageIdentifier) -> Bool = { _ in false }
    ) throws(SpoolError) -> Int {
        var count = 0
        for id in try list(state) {
            var information = stat()
            guard stat(path(of: id, in: state), &information) == 0 else { continue }
            // The rename into the state left its mark on the directory's change time.
            let changed = Int64(information.st_ctim.tv_sec) * 1_000_000_000
            guard changed < limit.nanoseconds, !keeps(id) else { continue }
            try remove(id, from: state)
            count += 1
        }
        return count
    }

    static func removeTree(_ path: String) throws(SystemError) {
        let directory: DirectoryHandle
        do {
            directory = try DirectoryHandle(path)
        } catch  where error.errno == ENOTDIR {
            try system("unlink", path) { unlink(path) }
            return
        }
        for name in try directory.names() { try directory.remove(name) }
        try system("rmdir", path) { rmdir(path) }
    }

    /// Shares the spool's `recording/` with a daemon that may start meanwhile: until the lock goes,
    /// it does not take what this process puts there for remains of an earlier life.
    package func shareRecordings() throws(SpoolError) -> SpoolLock {
        do throws(SystemError) {
            let directory = try DirectoryHandle(path(of: .recording))
            _ = try directory.lock(waits: true, isShared: true)
            return SpoolLock(directory)
        } catch {
            throw .system(error)
        }
    }

    /// Keeps a second daemon away.
    ///
    /// Throws ``SpoolError/inUse(_:)`` when there is one.
    package func occupy() throws(SpoolError) -> SpoolLock {
        var isFree = false
        do throws(SystemError) {
            let handle = try DirectoryHandle(directory)
            isFree = try handle.lock(waits: false)
            if isFree { return SpoolLock(handle) }
        } catch {
            throw .system(error)
        }
        throw .inUse(directory)
    }

    /// Octets that are free for us on the spool's disk.
    package func freeSpace() throws(SpoolError) -> Int {
        var information = statvfs()
        do throws(SystemError) {
            try system("statvfs", directory) { statvfs(directory, &information) }
        } catch {
            throw .system(error)
        }
        return Int(clamping: UInt64(information.f_bavail) &* UInt64(information.f_frsize))
    }

    /// Whether the disk has less than `reserve` octets left, so that no call should be taken.
    package func isBelow(reserve: Int) -> Bool {
        guard let free = try? freeSpace() else { return true }
        return free < reserve
    }
}

/// A lock on one of the spool's directories, until it goes.
package final class SpoolLock: Sendable {
    private let directory: DirectoryHandle

    init(_ directory: consuming DirectoryHandle) { self.directory = directory }
}
