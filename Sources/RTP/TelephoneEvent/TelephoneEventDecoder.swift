/// Finds each pressed key once in a stream of telephone-event packets (RFC 4733 §2.5.2).
///
/// The timestamp names an event. Markers and end packets may be lost, late or repeated, so
/// neither starts one. Durations play no part in telling events apart, save that one which grew
/// beyond 16 bits goes on under a new timestamp (RFC 4733 §2.5.1.3).
package struct TelephoneEventDecoder: Sendable {
    package enum Observation: Hashable, Sendable {
        case began(TelephoneEvent)
        /// In timestamp units.
        case ended(TelephoneEvent, duration: UInt32)
        /// Only its end was seen.
        case whole(TelephoneEvent, duration: UInt32)
    }

    private struct Seen {
        var timestamp: UInt32
        var event: TelephoneEvent
        /// Length of the segments before this timestamp's.
        var before: UInt32
        var duration: UInt16
        var hasEnded: Bool
    }

    /// The latest last. Late packets of an older event find it here.
    private var seen: [Seen] = []
    private static let remembered = 8

    package init() {}

    /// - Returns: nil when the packet tells nothing new, or is no event.
    package mutating func receive(payload: Span<UInt8>, timestamp: UInt32) -> Observation? {
        guard payload.count >= 4 else { return nil }
        let event = TelephoneEvent(code: payload[0], volume: payload[1] & 63)
        let isEnd = payload[1] & 0x80 != 0
        let duration = payload.u16(at: 2)

        if let i = seen.lastIndex(where: { $0.timestamp == timestamp }) {
            seen[i].duration = max(seen[i].duration, duration)
            guard isEnd, !seen[i].hasEnded else { return nil }
            seen[i].hasEnded = true
            return .ended(seen[i].event, duration: seen[i].before &+ UInt32(seen[i].duration))
        }
        if let last = seen.last, !last.hasEnded, last.event.code == event.code,
            last.duration == .max, timestamp == last.timestamp &+ UInt32(last.duration)
        {
            remember(timestamp, event, last.before &+ UInt32(last.duration), duration, isEnd)
            return isEnd
                ? .ended(event, duration: last.before &+ UInt32(last.duration) &+ UInt32(duration))
                : nil
        }
        remember(timestamp, event, 0, duration, isEnd)
        return isEnd ? .whole(event, duration: UInt32(duration)) : .began(event)
    }

    package mutating func receive(payload: [UInt8], timestamp: UInt32) -> Observation? {
        receive(payload: payload.span, timestamp: timestamp)
    }

    private mutating func remember(
        _ timestamp: UInt32, _ event: TelephoneEvent, _ before: UInt32, _ duration: UInt16,
        _ isEnd: Bool
    ) {
        if seen.count == TelephoneEventDecoder.remembered { seen.removeFirst() }
        seen.append(
            Seen(
                timestamp: timestamp, event: event, before: before, duration: duration,
                hasEnded: isEnd))
    }
}
