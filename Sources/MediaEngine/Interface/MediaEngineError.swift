package import Playout
package import Primitives

/// Why the engine can't do what was asked; the text says what to do about it.
package enum MediaEngineError: Error, Equatable, CustomStringConvertible {
    case notRunning
    /// As many streams as `maximumStreams` allows.
    case full(limit: Int)
    case unknownClass(ClassID)
    /// The class's playlist is not prepared in this format.
    case formatNotPrepared(ClassID, MediaFormat)
    /// Packet times are 10, 20, 30, 40 and 60 ms.
    case packetTime(Int)
    case payloadTooLarge(octets: Int, limit: Int)
    case payloadType(UInt8)
    /// The address is not a unicast address that packets can leave from or go to.
    case address(IPAddress)
    /// The destination is a port of this very engine.
    case ownPort(Endpoint)
    /// Every even port of the range is taken on this address.
    case noFreePort(IPAddress, ClosedRange<UInt16>)
    case unknownStream(StreamID)
    /// A group must be a multicast address of the family of `local`, with an even port.
    case multicastGroup(Endpoint)
    /// Too many commands wait for the sending thread: it does not get processor time.
    case overloaded
    case system(call: String, errno: Int32, at: String)

    package var description: String {
        switch self {
        case .notRunning:
            "the media engine is not running; start it first"
        case .full(let limit):
            "all \(limit) streams are in use; raise the limit of streams or add a node"
        case .unknownClass(let id):
            "there is no class \(id); set its playlist first"
        case .formatNotPrepared(let id, let format):
            "class \(id) is not prepared in \(format); list its codec in media.codecs"
        case .packetTime(let milliseconds):
            "packet time \(milliseconds) ms can't be sent; use 10, 20, 30, 40 or 60"
        case .payloadTooLarge(let octets, let limit):
            "a payload of \(octets) octets exceeds the \(limit) of one packet; "
                + "use a shorter packet time"
        case .payloadType(let number):
            "payload type \(number) is not one of 0 to 127"
        case .address(let address):
            "\(address) is no unicast address; name one of this node's addresses"
        case .ownPort(let endpoint):
            "\(endpoint) is a media port of this node; name the listener's own"
        case .noFreePort(let address, let ports):
            "no free pair of ports in \(ports.lowerBound)-\(ports.upperBound) on \(address); "
                + "widen rtp.ports or free what holds them"
        case .multicastGroup(let group):
            "\(group) is no multicast group with an even port and the family of its local address"
        case .unknownStream(let id):
            "\(id) is not open"
        case .overloaded:
            "the sending thread is behind; give it processor time (SCHED_FIFO) or fewer streams"
        case .system(let call, let errno, let at):
            "\(call) failed at \(at): \(SystemError.text(errno))"
        }
    }
}
