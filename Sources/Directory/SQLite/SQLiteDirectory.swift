internal import Foundation
internal import GRDB
package import Primitives

/// The embedded directory: one SQLite file, written by `intermezzo users` and read by the daemon at
/// the same time (write-ahead log).
///
/// One connection, whose statements are queued: a look-up takes some ten microseconds, and only one
/// connection can compare its own `data_version`s.
package final class SQLiteDirectory: UserDirectory {
    package let path: String
    let database: DatabaseQueue

    /// Opens the file, makes it when it isn't there (mode 0600, owner as of its folder, which is made
    /// too), and brings its tables up to this version.
    /// - Parameters:
    ///   - makes: whether a file that isn't there is made.
    ///   - patience: how long to wait for another process that writes.
    package init(
        path: String, makes: Bool = true, patience: Interval = .seconds(5)
    ) throws(DirectoryError) {
        self.path = path
        if makes { try SQLiteDirectory.make(path) }
        try SQLiteDirectory.check(path)
        var configuration = Configuration()
        configuration.label = "directory"
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(patience.seconds)
        configuration.prepareDatabase { database in
            // What a command has reported as done outlives a power cut.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            try SQLiteDirectory.migrate(database)
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    package func user(_ key: UserKey) async throws(DirectoryError) -> User? {
        do {
            // A SELECT sees one state of the file by itself. GRDB's `read` would put a transaction
            // around it, and `PRAGMA query_only`, at which SQLite compiles all statements anew.
            return try await database.unsafeRead { database in
                try SQLiteDirectory.user(key, in: database)
            }
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    /// Tells commits of other connections, which is every `intermezzo users` that runs beside the
    /// daemon.
    package func revision() async throws(DirectoryError) -> Revision? {
        do {
            return try await database.unsafeRead { database in
                let version = try Int64.fetchOne(
                    database.cachedStatement(sql: "PRAGMA data_version"))
                return Revision("\(version ?? 0)")
            }
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    static func user(_ key: UserKey, in database: Database) throws -> User? {
        try first(key, in: database) { row in try User(row) }
    }

    /// Of the table `user`, by the first of the key's candidates that is somebody's.
    ///
    /// `body` reads the row in place: GRDB finds a column of a copied one by comparing all names.
    static func first<T>(
        _ key: UserKey, in database: Database, _ body: (Row) throws -> T
    ) throws -> T? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT user.* FROM identity JOIN user ON user.id = identity.user
                WHERE identity.key = ?
                """)
        for candidate in key.candidates {
            let rows = try Row.fetchCursor(statement, arguments: [candidate])
            if let row = try rows.next() { return try body(row) }
        }
        return nil
    }

    private static func migrate(_ database: DatabaseQueue) throws {
        let migrator = DirectorySchema.migrator
        // Fails where another process is in the middle of its first migration.
        if (try? database.read(migrator.hasCompletedMigrations)) != true {
            let lock = try FolderLock(folder(of: database.path))
            defer { lock.free() }
            try migrator.migrate(database)
        }
        if try database.read(migrator.hasBeenSuperseded) { throw Superseded() }
    }

    /// SQLite would make the file readable for everybody, and its log files like it.
    ///
    /// A file that is there is not opened: closing it again would let go of the locks that this
    /// process has on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
    private static func make(_ path: String) throws(DirectoryError) {
        // A failure shows when the file is made.
        try? FileManager.default.createDirectory(
            atPath: folder(of: path), withIntermediateDirectories: true)
        let file = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            if errno == EEXIST { return }
            throw unusable(path, errno, nil)
        }
        defer { close(file) }
        guard geteuid() == 0 else { return }
        // Made by root for a daemon that isn't: it belongs to whom the directory belongs to.
        var parent = stat()
        guard stat(folder(of: path), &parent) == 0 else { return }
        _ = fchown(file, parent.st_uid, parent.st_gid)
    }

    private static func check(_ path: String) throws(DirectoryError) {
        guard access(path, R_OK | W_OK) == 0 else {
            throw unusable(
                path, errno,
                errno == ENOENT
                    ? "add a user first, or start this where the appliance is started" : nil)
        }
    }

    private static func unusable(
        _ path: String, _ code: CInt, _ remedy: String?
    ) -> DirectoryError {
        let reason = String(cString: strerror(code))
        let usual =
            code == EACCES
            ? "run this as the user that owns it" : "see directory.sqlite in the configuration"
        return .unavailable(store: path, reason: "\(reason); \(remedy ?? usual)")
    }

    private static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }
}

/// Lets one process at a time migrate a file of the folder: migrations look first and write then.
private struct FolderLock {
    private let file: CInt

    init(_ folder: String) throws(DirectoryError) {
        file = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0, flock(file, LOCK_EX) == 0 else {
            let reason = String(cString: strerror(errno))
            throw .unavailable(store: folder, reason: "\(reason); it can't be locked")
        }
    }

    func free() { close(file) }
}

struct Superseded: Error {}

extension DirectoryError {
    init(_ error: any Error, store: String) {
        switch error {
        case let known as DirectoryError:
            self = known
        case is Superseded:
            self = .tooNew(store: store)
        case let fault as RowFault:
            self = .damaged(store: store, reason: fault.description)
        case let error as DatabaseError:
            let text = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_SCHEMA, .SQLITE_ERROR, .SQLITE_MISMATCH:
                self = .damaged(store: store, reason: text)
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                self = .unavailable(
                    store: store, reason: "another process has been writing for too long; try again"
                )
            default:
                self = .unavailable(store: store, reason: text)
            }
        case let error as RowDecodingError:
            self = .damaged(store: store, reason: "\(error)")
        default:
            self = .unavailable(store: store, reason: "\(error)")
        }
    }
}
