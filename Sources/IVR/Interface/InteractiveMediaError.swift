/// Why a session can't be had; the text says what to do.
package enum InteractiveMediaError: Error, Equatable, CustomStringConvertible {
    case notRunning
    case full(limit: Int)
    case sockets(String)

    package var description: String {
        switch self {
        case .notRunning: "the interactive media are not running; start them first"
        case .full(let limit):
            "all \(limit) recordings are in use; raise voicemail.max-recordings or add a node"
        case .sockets(let what): what
        }
    }
}
