import Primitives
import SIP

/// Who takes what the transports receive. All calls come on the event loop.
protocol TransportOwner: AnyObject {
    /// One datagram, or one message as framed on a connection.
    func received(_ bytes: [UInt8], on flow: Flow)

    /// No more is at hand for now: time to answer what was `received`.
    func receivedAll()

    /// What was to go there has not gone, and will not.
    func failed(_ destination: Destination, _ error: any Error)

    /// ICMP says that a datagram of ours did not arrive.
    func undelivered(_ datagram: UndeliveredDatagram)

    func connectionOpened(_ flow: Flow, incoming: Bool)
    func connectionClosed(_ flow: Flow, _ cause: CloseCause)

    /// A connection came in above a limit and was closed.
    func connectionRefused(_ remote: Endpoint)

    /// An error of a listening socket, which goes on listening.
    func listenerFailed(_ address: ListenAddress, _ error: any Error)
}
