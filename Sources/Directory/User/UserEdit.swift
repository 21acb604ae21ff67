internal import Foundation

/// What an administrator wants of one user: some fields as text, from a command line or from a line
/// of a CSV file.
package struct UserEdit: Sendable, Equatable {
    package var name: String
    /// The fields that are given; those that aren't stay as they are.
    package var values: [UserField: String]
    /// Whether the user can't register any more.
    package var removesCredentials: Bool
    /// The line of the file; nil from a command line.
    package var line: Int?

    package init(
        name: String, values: [UserField: String], removesCredentials: Bool = false,
        line: Int? = nil
    ) {
        self.name = name
        self.values = values
        self.removesCredentials = removesCredentials
        self.line = line
    }

    /// The user after the edit, and everything that is wrong with it.
    ///
    /// Credentials that are empty or not given stay as they are, so that nobody loses a password by
    /// a column that was left out.
    /// - Parameters:
    ///   - user: as it is; nil: a new one.
    ///   - domain: the realm where the edit names none.
    func applied(to user: User?, domain: String) -> (user: User, faults: [UserFault]) {
        var user = user ?? User(name: name)
        var faults: [UserFault] = []
        func attempt(_ body: () throws(UserFault) -> Void) {
            do throws(UserFault) { try body() } catch { faults.append(error) }
        }
        attempt { () throws(UserFault) in _ = try UserRule.name(name) }
        for field in UserField.allCases
        where field != .user && !UserField.credentials.contains(field) {
            guard let text = values[field]?.trimmingCharacters(in: .whitespaces) else { continue }
            attempt { () throws(UserFault) in try user.set(field, to: text) }
        }
        if removesCredentials { user.credentials = nil }
        attempt { () throws(UserFault) in
            user.credentials = try credentials(user, domain: domain)
        }
        return (user, faults)
    }

    private func credentials(_ user: User, domain: String) throws(UserFault) -> StoredCredentials? {
        func given(_ field: UserField) -> String? {
            values[field].flatMap { $0.isEmpty ? nil : $0 }
        }
        let md5 = given(.md5)
        let sha256 = given(.sha256)
        let realm = try UserRule.realm(given(.realm) ?? user.credentials?.realm ?? domain)
        if let password = given(.password) {
            guard md5 == nil, sha256 == nil else {
                throw UserFault(
                    "password and hashes are both given", "leave one of them empty")
            }
            // The name as the directory has it, capitals included: it is in the hash.
            return StoredCredentials(
                user: user.name, realm: given(.realm) ?? domain,
                password: try UserRule.password(password))
        }
        guard md5 != nil || sha256 != nil else {
            guard let realm = given(.realm), realm != user.credentials?.realm else {
                return user.credentials
            }
            throw UserFault(
                "a realm without a password or hashes", "give one, or leave the realm empty")
        }
        var credentials = StoredCredentials(realm: realm)
        if let md5 { credentials.md5 = try UserRule.hash(md5, digits: 32) }
        if let sha256 { credentials.sha256 = try UserRule.hash(sha256, digits: 64) }
        return credentials
    }
}
