/// What is wrong with a value that an administrator wrote, and what to do about it.
package struct UserFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var what: String
    package var remedy: String

    package init(_ what: String, _ remedy: String) {
        self.what = what
        self.remedy = remedy
    }

    static func noSuchUser(_ name: String) -> UserFault {
        UserFault("there is no user '\(name)'", "see `intermezzo users list`")
    }

    package var description: String { "\(what); \(remedy)" }
}
