/// Why the spool could not do what it was asked.
package enum SpoolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file or directory could not be read, written or moved.
    case system(SystemError)
    /// The message isn't in the state (or in any state) that was named.
    case unknown(MessageIdentifier, SpoolState?)
    /// The message is in this state, from which that can't be done.
    case unfit(MessageIdentifier, SpoolState)
    /// A file in the message's directory can't be read as what it is.
    case unreadable(path: String, cause: String)
    /// Another process or thread is at work on the message.
    case busy(MessageIdentifier)
    /// Another daemon works on this spool.
    case inUse(String)

    package var description: String {
        switch self {
        case .system(let error):
            "\(error); see that the daemon's user may write there and the disk has room"
        case .unknown(let id, let state?): "no message \(id) in \(state.rawValue)/"
        case .unknown(let id, nil): "no message \(id) in this spool"
        case .unfit(let id, .done):
            "message \(id) is done: all who should have it have been told; see `mail show`"
        case .unfit(let id, let state): "message \(id) is in \(state.rawValue)/ and stays there"
        case .unreadable(let path, let cause): "\(path) can't be read: \(cause)"
        case .inUse(let directory):
            "\(directory) is in use by another process; stop it, or name another voicemail.spool"
        case .busy(let id): "message \(id) is being recorded or delivered at this moment; try again"
        }
    }
}
