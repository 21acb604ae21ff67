/// The host and port that a Via of ours names: where responses to us may go.
package struct SentBy: Hashable, Sendable {
    package var host: Host
    package var port: UInt16?

    package init(_ host: Host, port: UInt16? = nil) {
        self.host = host
        self.port = port
    }
}
