import NIOCore
import Primitives
import SIP

/// One TCP connection: divides what comes into messages, answers keep-alives, ends what is idle,
/// slow or broken. With TLS a handler stands before it in the pipeline and nothing here changes.
///
/// Confined to its event loop.
final class StreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Of a connection of ours the local port is known once it stands.
    private(set) var flow: Flow
    private let isIncoming: Bool
    private let limits: TransportLimits
    private unowned let owner: any TransportOwner
    private let ended: (StreamConnection, CloseCause) -> Void

    private var framer: StreamFramer
    private var channel: (any Channel)?
    private var timer: DeadlineTimer?
    private var openedAt: Instant
    private var lastReceived: Instant
    /// When the first octet came of the message that is not whole yet.
    private var partialSince: Instant?
    private var hasProvenItself: Bool
    private var cause: CloseCause?
    private var isFinished = false

    /// - Parameter ended: called once, when the connection is no more.
    init(
        flow: Flow, isIncoming: Bool, limits: TransportLimits, messageLimits: MessageLimits,
        owner: any TransportOwner, ended: @escaping (StreamConnection, CloseCause) -> Void
    ) {
        self.flow = flow
        self.isIncoming = isIncoming
        self.limits = limits
        self.owner = owner
        self.ended = ended
        framer = StreamFramer(limits: messageLimits)
        openedAt = .now
        lastReceived = openedAt
        hasProvenItself = !isIncoming
    }

    var isOpen: Bool { channel?.isActive == true && cause == nil }

    /// - Returns: false when the connection is closed, also because of this very message.
    func send(_ bytes: [UInt8]) -> Bool {
        guard let channel, isOpen else { return false }
        guard channel.isWritable else {
            close(.writeBufferFull)
            return false
        }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        return true
    }

    func close(_ cause: CloseCause) {
        guard self.cause == nil else { return }
        self.cause = cause
        timer?.cancel()
        channel?.close(promise: nil)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { opened(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened(context.channel)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard cause == nil else { return }
        lastReceived = .now
        framer.append(unwrapInboundIn(data).readableBytesView)
        takeFrames()
        if framer.pending == 0 {
            partialSince = nil
        } else if partialSince == nil {
            partialSince = lastReceived
        }
        watch()
    }

    private func takeFrames() {
        while cause == nil {
            switch framer.next() {
            case .message(let bytes):
                hasProvenItself = true
                partialSince = nil
                owner.received(bytes, on: flow)
            case .ping:
                hasProvenItself = true
                partialSince = nil
                _ = send([0x0d, 0x0a])
            case .needMore:
                return
            case .broken(let fault):
                // Where the next message starts can't be known any more. What came before it is
                // answered first.
                owner.receivedAll()
                close(.broken(fault.description))
                return
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        owner.receivedAll()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.failed("\(error)"))
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    /// The only word of a connection of ours that never stood.
    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
    }

    private func finish() {
        guard !isFinished else { return }
        isFinished = true
        let cause = self.cause ?? .byPeer
        self.cause = cause
        timer?.cancel()
        timer = nil
        ended(self, cause)
        if channel != nil { owner.connectionClosed(flow, cause) }
        channel = nil
    }

    /// The connection stands; may be told more than once. Of a connection of ours the future that
    /// its maker waits for can come before the channel's own event.
    func opened(_ channel: any Channel) {
        guard self.channel == nil else { return }
        self.channel = channel
        if let local = channel.localAddress.flatMap({ Endpoint($0) }) { flow.local = local }
        // The timer goes when the channel does, and the channel holds this handler until then.
        timer = DeadlineTimer(on: channel.eventLoop) { [unowned self] in expired() }
        owner.connectionOpened(flow, incoming: isIncoming)
        watch()
    }

    // MARK: Time limits

    private var deadline: Instant {
        // From the start, not from the last octet: else one octet now and then holds it open.
        if !hasProvenItself { return openedAt + limits.firstMessageTime }
        let idle = lastReceived + limits.idleTime
        guard let partialSince else { return idle }
        return min(idle, partialSince + limits.messageTime)
    }

    private func watch() {
        guard cause == nil else { return }
        timer?.set(deadline)
    }

    private func expired() {
        close(hasProvenItself && partialSince == nil ? .idle : .slow)
    }
}
