import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Primitives
import SIP

@testable import UserAgent

/// A transport layer with an owner that sends every message back the way it came, and notes all.
///
/// The layer is touched on the loop only; the notes are guarded by their lock.
final class EchoOwner: TransportOwner, @unchecked Sendable {
    struct Notes {
        var received: [(bytes: [UInt8], flow: Flow)] = []
        var failed: [Destination] = []
        var opened: [Flow] = []
        var closed: [(flow: Flow, cause: String)] = []
        var refused = 0
        var undelivered: [UndeliveredDatagram] = []
    }

    let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    private var layer: TransportLayer?
    private let notes = NIOLockedValueBox(Notes())
    private let changed = ConditionLock(value: 0)

    static func listening(
        _ addresses: [ListenAddress], limits: TransportLimits = TransportLimits()
    ) async throws -> EchoOwner {
        let owner = EchoOwner()
        try await owner.loop.flatSubmit {
            let layer = TransportLayer(
                on: owner.loop, limits: limits, messageLimits: .default, owner: owner)
            owner.layer = layer
            return EventLoopFuture.andAllSucceed(
                addresses.map { layer.listen(on: $0) }, on: owner.loop)
        }.get()
        return owner
    }

    func stop() async throws {
        try await loop.flatSubmit { self.layer?.stop() ?? self.loop.makeSucceededVoidFuture() }
            .get()
    }

    func addresses() async throws -> [Endpoint] {
        try await loop.submit { self.layer?.addresses.map(\.endpoint) ?? [] }.get()
    }

    func send(_ bytes: [UInt8], to destination: Destination) {
        loop.execute { self.layer?.send(bytes, to: destination) }
    }

    func openConnections() async throws -> Int {
        try await loop.submit { self.layer?.openConnections ?? 0 }.get()
    }

    /// What has been noted so far.
    var seen: Notes { notes.withLockedValue { $0 } }

    /// Waits until `condition` holds of the notes, 10 s at most.
    func wait(_ condition: (Notes) -> Bool) -> Notes {
        let end = Instant.now + .seconds(10)
        while true {
            let seen = changed.lock(whenValue: 1, timeoutSeconds: 0.05)
            if seen { changed.unlock(withValue: 0) }
            let now = notes.withLockedValue { $0 }
            if condition(now) || Instant.now > end { return now }
        }
    }

    private func note(_ change: (inout Notes) -> Void) {
        notes.withLockedValue(change)
        changed.lock()
        changed.unlock(withValue: 1)
    }

    func received(_ bytes: [UInt8], on flow: Flow) {
        note { $0.received.append((bytes, flow)) }
        layer?.send(bytes, to: .flow(flow))
    }

    func receivedAll() {}
    func failed(_ destination: Destination, _ error: any Error) {
        note { $0.failed.append(destination) }
    }
    func connectionOpened(_ flow: Flow, incoming: Bool) { note { $0.opened.append(flow) } }
    func connectionClosed(_ flow: Flow, _ cause: CloseCause) {
        note { $0.closed.append((flow, cause.name)) }
    }
    func undelivered(_ datagram: UndeliveredDatagram) { note { $0.undelivered.append(datagram) } }
    func connectionRefused(_ remote: Endpoint) { note { $0.refused += 1 } }
    func listenerFailed(_ address: ListenAddress, _ error: any Error) {}
}
