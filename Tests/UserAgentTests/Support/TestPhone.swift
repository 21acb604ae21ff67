import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Primitives
import SIP
import Testing

@testable import UserAgent

/// An application that takes every call, and notes what it is told.
///
/// On the loop only, but for the notes, which their lock guards.
final class TestPhone: UserAgentApplication, @unchecked Sendable {
    struct Notes {
        var invited: [Request] = []
        var established = 0
        var ended: [String] = []
        var failed: [StatusCode] = []
    }

    static let description = MessageBody.sdp(
        Array(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
                .utf8))

    private let notes = NIOLockedValueBox(Notes())
    let userAgent: UserAgent

    private final class Relay: UserAgentApplication {
        weak var phone: TestPhone?
        func handle(_ event: UserAgentCore.Event, from userAgent: UserAgent) {
            phone?.handle(event, from: userAgent)
        }
    }

    init(
        _ listen: [String], advertised: [IPAddress: Host] = [:],
        change: (inout UserAgentConfiguration) -> Void = { _ in }
    ) {
        var configuration = UserAgentConfiguration(
            listen: listen.compactMap { ListenAddress($0) },
            core: UserAgentCore.Configuration(identity: "test", points: []))
        configuration.advertised = advertised
        change(&configuration)
        let relay = Relay()
        userAgent = UserAgent(
            configuration, application: relay, on: MultiThreadedEventLoopGroup.singleton.next(),
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        relay.phone = self
    }

    static func listening(
        _ listen: [String], advertised: [IPAddress: Host] = [:],
        change: (inout UserAgentConfiguration) -> Void = { _ in }
    ) async throws -> TestPhone {
        let phone = TestPhone(listen, advertised: advertised, change: change)
        try await phone.userAgent.start()
        return phone
    }

    func endpoints() async throws -> [Endpoint] {
        try await userAgent.eventLoop.submit { self.userAgent.addresses.map(\.endpoint) }.get()
    }

    func statistics() async throws -> UserAgentStatistics {
        try await userAgent.eventLoop.submit { self.userAgent.statistics }.get()
    }

    func call(
        _ uri: String, transport: TransportProtocol = .udp, headers: [Rejection.Field] = []
    ) throws {
        var call = OutgoingCall(
            to: try #require(URI(uri)),
            from: NameAddress(try #require(URI("sip:test@example.com"))),
            offer: TestPhone.description)
        call.transport = transport
        call.headers = headers
        userAgent.execute { [call] in _ = $0.invite(call) }
    }

    func handle(_ event: UserAgentCore.Event, from userAgent: UserAgent) {
        switch event {
        case .invited(let id, let request, _, _):
            notes.withLockedValue { $0.invited.append(request) }
            userAgent.progress(id, .ringing)
            userAgent.accept(id, body: TestPhone.description)
        case .established:
            notes.withLockedValue { $0.established += 1 }
        case .ended(_, let cause):
            notes.withLockedValue {
                $0.ended.append(cause.summary)
                if case .failed(let response) = cause { $0.failed.append(response.status) }
            }
        case .reoffered(let id, _, _), .offerWanted(let id, _):
            userAgent.acceptOffer(id, body: TestPhone.description)
        default:
            break
        }
    }

    /// Waits until `condition` holds of the notes, 10 s at most; gives the loop's threads way.
    func wait(_ condition: (Notes) -> Bool) async throws -> Notes {
        let end = Instant.now + .seconds(10)
        while true {
            let now = notes.withLockedValue { $0 }
            if condition(now) || Instant.now > end { return now }
            // A turn of the loop, after what it has at hand.
            try await userAgent.eventLoop.scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
        }
    }
}
