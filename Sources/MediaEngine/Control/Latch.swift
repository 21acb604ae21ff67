package import Primitives
package import RTP

/// Finds where the listener of a symmetric stream really is, once.
///
/// A single stray packet moves nothing: two in sequence from one source do (RFC 3550 §A.1), and
/// what is found stays until signalling names another destination.
package struct Latch: Sendable {
    package private(set) var peer: Endpoint?
    private var candidate: (peer: Endpoint, ssrc: UInt32, next: SequenceNumber)?

    package init() {}

    /// - Returns: the peer when this packet decided it.
    package mutating func receive(_ header: RTPHeader, from source: Endpoint) -> Endpoint? {
        guard peer == nil else { return nil }
        let isConfirmed =
            candidate.map {
                $0.peer == source && $0.ssrc == header.ssrc && $0.next == header.sequenceNumber
            } ?? false
        guard isConfirmed else {
            candidate = (source, header.ssrc, header.sequenceNumber.advanced(by: 1))
            return nil
        }
        peer = source
        return source
    }
}
