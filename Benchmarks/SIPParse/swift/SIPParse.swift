import Glibc
import SIP

/// Prints what our parser costs, a JSON row for each kind of work.
@main
struct SIPParse {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else { exit(2) }
        let message = try octets(of: CommandLine.arguments[1])

        func row(_ work: String, _ cost: Double) {
            let tenths = (cost * 10).rounded() / 10
            print(
                #"{"parser": "intermezzo", "work": "\#(work)", "octets": \#(message.count), "#
                    + #""cpuNanoseconds": \#(tenths)}"#)
        }

        let only = getenv("WORK").map { String(cString: $0) }
        func row(_ work: String, _ body: () throws -> Void) throws {
            guard only == nil || only == work else { return }
            row(work, try leastCost(body))
        }
        try row("parse") { _ = try parse(message) }
        try row("parse, serialise") {
                guard try parse(message).serialised() == message else { throw Failure.notTheSame }
        }
        // What the others read while they parse: these values as structures.
        try row("parse, read, serialise") {
                let request = try parse(message)
                _ = try request.headers.topVia()
                _ = try request.headers.from
                _ = try request.headers.to
                _ = try request.headers.cseq
                _ = try request.headers.firstContact
                _ = try request.headers.contentType
                _ = try request.headers.maxForwards
                _ = request.headers.callID
                _ = request.requestURI
                guard request.serialised() == message else { throw Failure.notTheSame }
        }
        try row("parse, check, answer") {
                let request = try parse(message)
                guard request.defect() == nil else { throw Failure.defect }
                let response = request.response(.ok, toTag: "a6c85cf")
                guard response.serialised().count > 200 else { throw Failure.notTheSame }
        }
    }

    enum Failure: Error { case noRequest, notTheSame, defect, noFile }

    static func parse(_ octets: [UInt8]) throws -> Request {
        guard case .request(let request) = try Message(parsing: octets) else {
            throw Failure.noRequest
        }
        return request
    }

    /// The least of several rounds, in CPU nanoseconds: what the work costs when nothing disturbs it.
    static func leastCost(_ work: () throws -> Void) rethrows -> Double {
        let count = 20_000
        var least = Double.infinity
        for _ in 0..<7 {
            let start = cpuNanoseconds()
            for _ in 0..<count { try work() }
            least = min(least, (cpuNanoseconds() - start) / Double(count))
        }
        return least
    }

    static func cpuNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    static func octets(of path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw Failure.noFile }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&octets, 1, octets.count, file)
        return Array(octets[..<count])
    }
}
