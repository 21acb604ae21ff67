package import Primitives

extension TransactionLayer {
    /// ICMP says that a datagram did not arrive (RFC 3261 §18.4).
    ///
    /// Requests that wait for a response from there end as with any transport error. The kernel
    /// compares nothing but our own address and port, so who can't see our traffic can forge it:
    /// - `refused` with our own branch in the quote is proof, and ends at once all that goes there:
    ///   hosts send few ICMP messages a second, and not one for each datagram (RFC 1812 §4.3.2.8).
    /// - `refused` without proof counts when it is said again of a retransmission. A peer that is
    ///   there answers before.
    /// - `unreachable` counts when it is still said after 12*T1: routes and neighbours come back, as
    ///   those of a telephone that changes its access point, and a call must outlive that.
    ///
    /// Responses are left to their own timers. That of a non-INVITE is not sent again unless the
    /// request comes again, which shows that the peer is there. A 2xx to an INVITE is repeated until
    /// its ACK comes, which may take another way (RFC 6026 §8.8 keeps the transaction after a
    /// transport error), and a refusal is soon forgotten.
    package mutating func undelivered(
        _ datagram: UndeliveredDatagram, now: Instant
    ) -> UndeliveredDatagram.Effect {
        var quoted = datagram.request.flatMap { clientPlaces[$0] }
        if let place = quoted, let peer = clients[place]?.destination.datagramPeer,
            peer != datagram.destination
        {
            quoted = nil
        }
        if datagram.cause == .refused, let quoted, let destination = clients[quoted]?.destination {
            let places =
                destination.datagramPeer == nil
                ? clientPlaces(of: destination) : clientsByPeer.keys(of: datagram.destination)
            return end(places, now: now)
        }
        guard now >= nextDoubt else { return .none }
        var places = clientsByPeer.keys(of: datagram.destination)
        if let quoted, places.isEmpty { places = [quoted] }
        // Forged ones may be many, where thousands of requests wait: they get a few per cent of the
        // time.
        nextDoubt = now + Interval(nanoseconds: Int64(places.count) * 1_000)
        var ended: [Int] = []
        var isNoted = false
        for place in places where clients[place]?.isWaiting == true {
            if clients[place]?.doubt(datagram.cause, configuration.timers, now: now) == true {
                ended.append(place)
            } else {
                isNoted = true
            }
        }
        return ended.isEmpty ? (isNoted ? .noted : .none) : end(ended, now: now)
    }

    private mutating func end(_ places: [Int], now: Instant) -> UndeliveredDatagram.Effect {
        let waiting = places.filter { clients[$0]?.isWaiting == true }
        guard let first = waiting.first else { return .none }
        let callID = clients[first]?.request.headers.callID
        for place in waiting { clientTransportFailed(at: place, now: now) }
        return .ended(waiting.count, callID: callID)
    }
}
