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

    /// Opens the file, makes it when it isn't there (mode 0600, owner as of its directory), and
    /// brings its tables up to this version.
    /// - Parameters:
    ///   - makes: whether a file that isn't there is made.
    ///   - patience: how long to wait for another process that writes.
    package init(
        path: String, makes: Bool = true, patience: Interval = .seconds(5)
    ) throws(DirectoryError) {
        self.path = path
        if makes { SQLiteDirectory.makeDirectory(of: path) }
        try SQLiteDirectory.open(path, makes: makes)
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
            return try await database.read { database in try SQLiteDirectory.user(key, in: database)
            }
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    /// Tells commits of other connections, which is every `intermezzo users` that runs beside the
    /// daemon.
    package func revision() async throws(DirectoryError) -> Revision? {
        do {
            return try await database.read { database in
                let version = try Int64.fetchOne(
                    database.cachedStatement(sql: "PRAGMA data_version"))
                return Revision("\(version ?? 0)")
            }
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    static func user(_ key: UserKey, in database: Database) throws -> User? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT user.* FROM identity JOIN user ON user.id = identity.user
                WHERE identity.key = ?
                """)
        for candidate in key.candidates {
            if let row = try Row.fetchOne(statement, arguments: [candidate]) {
                return try User(row)
            }
        }
        return nil
    }

    private static func migrate(_ database: DatabaseQueue) throws {
        let migrator = DirectorySchema.migrator
        if try database.read(migrator.hasBeenSuperseded) { throw Superseded() }
        do {
            try migrator.migrate(database)
        } catch {
            // Two that open a new file at the same time: the other one may have been first.
            guard try database.read(migrator.hasCompletedMigrations) else { throw error }
        }
    }

    /// SQLite would make the file readable for everybody, and its log files like it.
    /// The one above the file, where it is missing; a failure shows when the file is opened.
    private static func makeDirectory(of path: String) {
        let directory = URL(filePath: path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true)
    }

    private static func open(_ path: String, makes: Bool) throws(DirectoryError) {
        let flags = O_RDWR | O_CLOEXEC | (makes ? O_CREAT : 0)
        let file = Foundation.open(path, flags, 0o600)
        guard file >= 0 else {
            let remedy =
                switch errno {
                case ENOENT where makes:
                    "make its directory, or start this where the appliance is started"
                case ENOENT:
                    "add a user first, or start this where the appliance is started"
                case EACCES: "run this as the user that owns it"
                default: "see directory.sqlite in the configuration"
                }
            throw .unavailable(
                store: path, reason: "\(String(cString: strerror(errno))); \(remedy)")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size == 0, geteuid() == 0 else { return }
        // Made by root for a daemon that isn't: it belongs to whom the directory belongs to.
        let folder = (path as NSString).deletingLastPathComponent
        var parent = stat()
        guard stat(folder.isEmpty ? "." : folder, &parent) == 0 else { return }
        _ = fchown(file, parent.st_uid, parent.st_gid)
    }
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
