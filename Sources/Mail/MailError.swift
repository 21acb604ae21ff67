/// Why there is no mail.
package enum MailError: Error, Equatable, CustomStringConvertible {
    /// No address that mail can come from.
    case address(String)
    /// The recording is there and can't be read: `cause` is the system's or the library's word.
    case recording(path: String, cause: String)
    /// libsndfile or libsoxr can't make `format`.
    case encoding(format: String, cause: String)
    /// A key or certificate that can't be used.
    case key(cause: String)
    /// OpenSSL could not sign.
    case signature(cause: String)

    package var description: String {
        switch self {
        case .address(let text):
            "'\(text)' is no mail address; write one such as voicemail@example.com"
        case .recording(let path, let cause): "the recording \(path) can't be read: \(cause)"
        case .encoding(let format, let cause): "the recording can't be made \(format): \(cause)"
        case .key(let cause): cause
        case .signature(let cause): "the mail can't be signed: \(cause)"
        }
    }
}
