import Glibc
internal import Primitives

/// Hands one mail to an LMTP server over a connection of its own. It blocks its thread.
enum LMTPClient {
    static func send(
        _ mail: [UInt8], from: String, to recipients: [String], by relay: RelaySettings,
        helloName: String, needsUTF8: Bool, sentAll: () -> Void
    ) -> TransactionOutcome {
        var exchange = LMTPExchange(
            mail, from: from, to: recipients, helloName: helloName, needsUTF8: needsUTF8)
        guard relay.tls != .required else {
            return exchange.failed("LMTP is spoken without TLS here: write tls: never")
        }
        let connection: TCPConnection
        switch TCPConnection.open(host: relay.host, port: relay.port, timeout: relay.timeout) {
        case .success(let opened): connection = opened
        case .failure(let error): return exchange.failed(error.description)
        }
        defer { connection.close() }
        while true {
            guard let line = connection.readLine() else {
                return exchange.failed(connection.failure)
            }
            switch exchange.received(line) {
            case .wait: break
            case .send(let octets):
                guard connection.write(octets) else { return exchange.failed(connection.failure) }
                if octets.count > mail.count { sentAll() }
            case .finished(let outcome):
                _ = connection.write(Array("QUIT\r\n".utf8))
                return outcome
            }
        }
    }
}

/// A stream socket that blocks, with a limit on each step.
private final class TCPConnection {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private(set) var failure = ""

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Tries the host's addresses in turn.
    static func open(
        host: String, port: UInt16, timeout: Interval
    ) -> Result<TCPConnection, Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0 else {
            return .failure(Failure(description: "\(host): \(String(cString: gai_strerror(code)))"))
        }
        defer { freeaddrinfo(found) }
        var cause = "\(host) has no address"
        var next = found
        while let entry = next?.pointee {
            next = entry.ai_next
            let descriptor = socket(
                entry.ai_family, entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), entry.ai_protocol
            )
            guard descriptor >= 0 else { continue }
            var limit = timeval(
                tv_sec: Int(timeout.nanoseconds / 1_000_000_000),
                tv_usec: Int(timeout.nanoseconds % 1_000_000_000 / 1000))
            let size = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
            if connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 {
                return .success(TCPConnection(descriptor))
            }
            cause = errno == EINPROGRESS ? "no answer in time" : String(cString: strerror(errno))
            Glibc.close(descriptor)
        }
        return .failure(Failure(description: cause))
    }

    func close() { Glibc.close(descriptor) }

    /// The next line without its end; nil at the end, on an error or a line of more than 4 KiB.
    func readLine() -> [UInt8]? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                return line
            }
            guard buffer.count < 4096 else {
                failure = "a reply without an end"
                return nil
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                failure =
                    count == 0
                    ? "the server closed the connection"
                    : errno == EAGAIN ? "no answer in time" : String(cString: strerror(errno))
                return nil
            }
            buffer += chunk[..<count]
        }
    }

    func write(_ octets: [UInt8]) -> Bool {
        var sent = 0
        while sent < octets.count {
            let count = octets.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                return send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                failure = errno == EAGAIN ? "no progress in time" : String(cString: strerror(errno))
                return false
            }
            sent += count
        }
        return true
    }
}
