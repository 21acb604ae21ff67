import Playout
import Primitives
import RTP

/// Everything that the engine's callers and its receiving thread share, under one lock.
struct EngineState {
    struct ClassControl {
        let id: ClassID
        let index: Int32
        var playlist: PreparedPlaylist
        /// Formats that any playlist since the class was made had: streams may still be in them.
        var formats: Set<MediaFormat>
        var isRemoved = false
    }

    /// Names the stream that a datagram is about by where it came from.
    struct Peer: Hashable {
        // In this order it takes 24 octets and not 32.
        let endpoint: Endpoint
        let socket: Int32

        init(socket: Int32, endpoint: Endpoint) {
            self.endpoint = endpoint
            self.socket = socket
        }
    }

    struct ThreadControl {
        var streams = 0
        var nextNumber = 0
        var freeNumbers: [Int] = []
        var pairs: [IPAddress: SocketPair] = [:]
    }

    enum Owner {
        case shared
        case stream(StreamID)
        case multicast(MulticastID)
    }

    var isRunning = false
    var random: EngineRandom
    var ports: PortPairs
    /// Of packets to come, and of streams: both can change while the engine runs.
    var dscp: UInt8
    var maximumStreams: Int
    var classes: [ClassID: ClassControl] = [:]
    var classIDs: [ClassID] = []
    var threads: [ThreadControl] = []
    var streams = StreamControls()
    var multicasts: [MulticastID: MulticastControl] = [:]
    var lastID: UInt64 = 0
    /// Streams by thread and number, for what the threads report.
    var byNumber: [[Int: StreamID]] = []
    var bySSRC: [UInt32: StreamID] = [:]
    var byPeer: [Peer: StreamID] = [:]
    /// All sockets that are read, by descriptor.
    var sockets: [Int32: (socket: UDPSocket, owner: Owner, isRTCP: Bool)] = [:]
    /// Streams whose proof is awaited.
    var onTrial: Set<StreamID> = []
    var counts = Counts()
    var listening: [ClassID: MediaEngineStatistics.Listening] = [:]
    /// nil when no packets leave by a ring.
    var paths: PathThread?

    struct Counts {
        var received: UInt64 = 0
        var dropped: UInt64 = 0
        var rtcpReceived: UInt64 = 0
        var icmpErrors: UInt64 = 0
        var collisions: UInt64 = 0
        var proofsExpired: UInt64 = 0
    }

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func takeNumber(of thread: Int) -> Int {
        if let free = threads[thread].freeNumbers.popLast() { return free }
        threads[thread].nextNumber += 1
        return threads[thread].nextNumber - 1
    }

    /// An SSRC that no other stream of this engine has.
    mutating func newSSRC() -> UInt32 {
        while true {
            let ssrc = UInt32.random(in: 1 ... .max, using: &random)
            if bySSRC[ssrc] == nil { return ssrc }
        }
    }

    /// How many streams may send an unproven destination the few packets of a trial at a time.
    static let trialsPerDestination = 8

    /// Whether a stream that waits for proof had better wait in silence: each of many forged
    /// descriptions that name one victim would draw its few packets.
    func hasTrialsEnough(_ stream: StreamControl) -> Bool {
        guard case .waiting = stream.proof, let address = stream.destination?.address else {
            return false
        }
        var count = 0
        for id in onTrial where id != stream.id {
            guard streams[id]?.destination?.address == address else { continue }
            count += 1
            if count >= EngineState.trialsPerDestination { return true }
        }
        return false
    }

    /// Whether something of ours is there: music sent to it would go round and round.
    func isOurs(_ endpoint: Endpoint?) -> Bool {
        guard let endpoint else { return false }
        return sockets.values.contains { $0.socket.local == endpoint }
    }

    /// Makes the stream findable by what its listener sends.
    mutating func enter(_ stream: StreamControl) {
        if let (flow, listener) = stream.path { paths?.want(flow, for: listener) }
        bySSRC[stream.identity.ssrc] = stream.id
        if let destination = stream.destination {
            byPeer[Peer(socket: stream.pair.rtp.descriptor, endpoint: destination)] = stream.id
        }
        if let destination = stream.rtcpDestination {
            byPeer[Peer(socket: stream.rtcpSocket.descriptor, endpoint: destination)] = stream.id
        }
        if case .waiting = stream.proof {
            onTrial.insert(stream.id)
        } else {
            onTrial.remove(stream.id)
        }
    }

    mutating func leave(_ stream: StreamControl) {
        if let (flow, listener) = stream.path { paths?.unwant(flow, for: listener) }
        if bySSRC[stream.identity.ssrc] == stream.id { bySSRC[stream.identity.ssrc] = nil }
        if let destination = stream.destination {
            forget(Peer(socket: stream.pair.rtp.descriptor, endpoint: destination), stream.id)
        }
        if let destination = stream.rtcpDestination {
            forget(Peer(socket: stream.rtcpSocket.descriptor, endpoint: destination), stream.id)
        }
        onTrial.remove(stream.id)
    }

    private mutating func forget(_ peer: Peer, _ id: StreamID) {
        if byPeer[peer] == id { byPeer[peer] = nil }
    }
}
