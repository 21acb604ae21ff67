/// Why a class plays other music than its own, and what.
package struct FallbackCause: Sendable, Hashable, CustomStringConvertible {
    package enum Reason: Sendable, Hashable {
        /// The class has no folder.
        case missing
        /// Its folder holds no audio file.
        case empty
        /// The one file that its configuration names isn't there.
        case fileMissing(String)
        /// None of its files can be played; the count of them.
        case allBroken(Int)
        /// Its files are not ready yet. No cause for alarm.
        case preparing
    }

    package enum Substitute: Sendable, Hashable {
        case defaultClass(String)
        /// A soft chord, made in memory.
        case tone
    }

    package var reason: Reason
    package var substitute: Substitute

    package init(reason: Reason, substitute: Substitute) {
        self.reason = reason
        self.substitute = substitute
    }

    /// Whether an operator must do something about it.
    package var isAlarm: Bool { reason != .preparing }

    package var description: String {
        let why =
            switch reason {
            case .missing: "there is no such folder"
            case .empty: "its folder holds no audio file"
            case .fileMissing(let file): "its file \(file) isn't there"
            case .allBroken(let count): "none of its \(count) files can be played"
            case .preparing: "its files are being prepared"
            }
        return switch substitute {
        case .defaultClass(let name): "\(why); plays class \(name)"
        case .tone: "\(why); plays a soft tone"
        }
    }
}
