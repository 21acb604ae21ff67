internal import GRDB

extension SQLiteDirectory {
    /// All users by name.
    package func all() throws(DirectoryError) -> [User] {
        do {
            return try database.read { database in
                let rows = try Row.fetchCursor(
                    database, sql: "SELECT * FROM user ORDER BY name COLLATE NOCASE, name")
                var users: [User] = []
                while let row = try rows.next() { users.append(try User(row)) }
                return users
            }
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    /// The user whom a name, an alias or a number belongs to, for who can wait.
    package func userNow(_ key: UserKey) throws(DirectoryError) -> User? {
        do {
            return try database.read { database in try SQLiteDirectory.user(key, in: database) }
        } catch {
            throw DirectoryError(error, store: path)
        }
    }

    /// Removes all of these users, or none when one isn't there.
    package func remove(_ names: [String]) throws(MergeError) {
        do {
            try database.write { database in
                var faults: [EditFault] = []
                for name in names {
                    guard let key = UserKey(name),
                        let user = try SQLiteDirectory.user(key, in: database),
                        UserKey(user.name) == key
                    else {
                        faults.append(EditFault(line: nil, fault: .noSuchUser(name)))
                        continue
                    }
                    try database.execute(
                        sql: "DELETE FROM user WHERE name = ?", arguments: [user.name])
                }
                // The error undoes what was removed.
                if !faults.isEmpty { throw MergeError.refused(faults) }
            }
        } catch let error as MergeError {
            throw error
        } catch {
            throw .directory(DirectoryError(error, store: path))
        }
    }

    /// Makes all the edits, or none and says why.
    /// - Parameters:
    ///   - domain: the realm of passwords.
    ///   - faults: what is known to be wrong already, and is to be said together with the rest.
    ///   - isTrial: whether the changes are to be undone in the end.
    package func merge(
        _ edits: [UserEdit], _ mode: MergeMode, domain: String, faults: [EditFault] = [],
        isTrial: Bool = false
    ) throws(MergeError) -> MergeCounts {
        do {
            var counts = MergeCounts()
            try database.inTransaction(.immediate) { database in
                let merge = try Merge(edits, mode, domain: domain, faults, in: database)
                counts = try merge.write(to: database)
                return isTrial ? .rollback : .commit
            }
            return counts
        } catch let error as MergeError {
            throw error
        } catch {
            throw .directory(DirectoryError(error, store: path))
        }
    }
}

/// One transaction's worth of edits, checked against each other and against what is there.
private struct Merge {
    private struct Change {
        var line: Int?
        /// The row and the user that is there; nil for a new one.
        var present: (row: Int64, user: User)?
        var user: User
    }

    private let mode: MergeMode
    private var changes: [Change] = []
    private var faults: [EditFault]

    /// Throws ``MergeError`` with every fault.
    init(
        _ edits: [UserEdit], _ mode: MergeMode, domain: String, _ faults: [EditFault],
        in database: Database
    ) throws {
        self.mode = mode
        self.faults = faults
        changes.reserveCapacity(edits.count)
        var lines: [UserKey: Int] = [:]
        for edit in edits {
            guard let key = UserKey(edit.name) else {
                note(edit.line, UserFault("the user has no name", "give one"))
                continue
            }
            if let other = lines.updateValue(edit.line ?? 0, forKey: key) {
                note(
                    edit.line,
                    UserFault(
                        "user '\(edit.name)' stands in line \(other) already",
                        "remove one of the two"))
                continue
            }
            let row = try SQLiteDirectory.first(key, in: database) { $0.copy() }
            let found = try row.map(User.init)
            if let fault = fault(edit.name, key, found) {
                note(edit.line, fault)
                continue
            }
            var present: (row: Int64, user: User)?
            // Whom only an alias or a number led to is somebody else.
            if let row, let found, UserKey(found.name) == key {
                present = (try row.decode(Int64.self, forColumn: "id"), found)
            }
            var base = present?.user
            if mode == .replace, let user = base {
                base = User(name: user.name, credentials: user.credentials)
            }
            let (user, faults) = edit.applied(to: base, domain: domain)
            for fault in faults { note(edit.line, fault) }
            changes.append(Change(line: edit.line, present: present, user: user))
        }
        try checkKeys(in: database)
        if mode == .replace, edits.isEmpty, self.faults.isEmpty {
            note(nil, UserFault("there are no users, so all would go", "use `users remove`"))
        }
        if !self.faults.isEmpty {
            throw MergeError.refused(self.faults.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
        }
    }

    private mutating func note(_ line: Int?, _ fault: UserFault) {
        faults.append(EditFault(line: line, fault: fault))
    }

    private func fault(_ name: String, _ key: UserKey, _ present: User?) -> UserFault? {
        guard let present else {
            return mode == .change ? .noSuchUser(name) : nil
        }
        guard UserKey(present.name) == key else {
            // With .replace the other one may go; the check of the keys says so if it doesn't.
            guard mode != .replace else { return nil }
            return UserFault(
                "'\(name)' belongs to user '\(present.name)'",
                mode == .change ? "name that user" : "choose another name")
        }
        return mode == .add
            ? UserFault(
                "user '\(present.name)' is there already",
                "change it by `users set`, or import with --update or --replace") : nil
    }

    /// Every key is one user's: among the edits, and with those that stay as they are.
    private mutating func checkKeys(in database: Database) throws {
        var owners: [String: Int] = [:]
        let rewritten = Set(changes.compactMap { $0.present?.row })
        let owner = try database.cachedStatement(
            sql: """
                SELECT user.id, user.name FROM identity JOIN user ON user.id = identity.user
                WHERE identity.key = ?
                """)
        for (index, change) in changes.enumerated() {
            for key in change.user.keys.sorted() {
                if let other = owners.updateValue(index, forKey: key) {
                    note(change.line, taken(key, of: change.user, by: changes[other].user.name))
                    break
                }
                guard mode != .replace,
                    let row = try Row.fetchOne(owner, arguments: [key]),
                    !rewritten.contains(try row.decode(Int64.self, forColumn: "id"))
                else { continue }
                let name = try row.decode(String.self, forColumn: "name")
                note(change.line, taken(key, of: change.user, by: name))
                break
            }
        }
    }

    private func taken(_ key: String, of user: User, by name: String) -> UserFault {
        let text = ([user.name] + user.aliases + user.numbers).first { text in
            UserKey(text)?.candidates.contains(key) == true
        }
        return UserFault(
            "'\(text ?? key)' is a name or number of user '\(name)'",
            "give it to one of the two alone")
    }

    func write(to database: Database) throws -> MergeCounts {
        var counts = MergeCounts()
        if mode == .replace { counts.removed = try removeOthers(in: database) }
        let changed = changes.filter { $0.present.map { $0.user } != $0.user }
        counts.unchanged = changes.count - changed.count
        // Keys may move from one user to another, so all are let go before any is taken.
        let letGo = try database.cachedStatement(sql: "DELETE FROM identity WHERE user = ?")
        for case (let row, _)? in changed.map(\.present) { try letGo.execute(arguments: [row]) }
        let columns = User.columns
        let update = try database.cachedStatement(
            sql: "UPDATE user SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) "
                + "WHERE id = ?")
        let insert = try database.cachedStatement(
            sql: "INSERT INTO user (\(columns.joined(separator: ", "))) "
                + "VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))")
        let take = try database.cachedStatement(sql: "INSERT INTO identity VALUES (?, ?)")
        for change in changed {
            let row: Int64
            if let present = change.present {
                row = present.row
                try update.execute(arguments: change.user.values + [row])
                counts.changed += 1
            } else {
                try insert.execute(arguments: change.user.values)
                row = database.lastInsertedRowID
                counts.added += 1
            }
            for key in change.user.keys { try take.execute(arguments: [key, row]) }
        }
        return counts
    }

    private func removeOthers(in database: Database) throws -> Int {
        let kept = Set(changes.compactMap { $0.present?.row })
        let all = try Int64.fetchAll(database, sql: "SELECT id FROM user")
        let remove = try database.cachedStatement(sql: "DELETE FROM user WHERE id = ?")
        let gone = all.filter { !kept.contains($0) }
        for row in gone { try remove.execute(arguments: [row]) }
        return gone.count
    }
}
