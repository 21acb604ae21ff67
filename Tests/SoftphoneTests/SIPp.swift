import Foundation
import Synchronization

/// A sipp that answers one call by a scenario, and echoes the RTP that it gets.
final class SIPp: @unchecked Sendable {  // Written in its initialiser only.
    /// Ten ports for each, below those of phones and of sockets that don't choose theirs.
    private static let places = Atomic(Int.random(in: 0..<900))
    let port = UInt16(
        10_000 + SIPp.places.wrappingAdd(1, ordering: .relaxed).oldValue % 900 * 10)
    private let process = Process()
    private let scenario: URL
    private let output = Pipe()

    /// - Parameter steps: what stands inside `<scenario>`.
    init(_ steps: String) throws {
        scenario = FileManager.default.temporaryDirectory
            .appending(path: "sipp-\(UUID().uuidString).xml")
        try """
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <!DOCTYPE scenario SYSTEM "sipp.dtd">
        <scenario name="test">
        \(steps)
        </scenario>
        """.write(to: scenario, atomically: true, encoding: .utf8)
        process.executableURL = URL(filePath: "/usr/bin/sipp")
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        process.arguments = [
            "-sf", scenario.path(), "-i", "127.0.0.1", "-p", "\(port)", "-mi", "127.0.0.1", "-mp",
            "\(port + 2)", "-rtp_echo", "-m", "1", "-nostdin",
            "-timeout", "30s",
        ]
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // A call before that would end with the ICMP error of its INVITE.
        let limit = ContinuousClock.now + .seconds(10)
        while !isListening, ContinuousClock.now < limit { usleep(2_000) }
    }

    private var isListening: Bool {
        let sockets = try? String(contentsOfFile: "/proc/self/net/udp", encoding: .utf8)
        return sockets?.contains(String(format: " 0100007F:%04X ", Int(port))) == true
    }

    deinit {
        process.terminate()
        try? FileManager.default.removeItem(at: scenario)
    }

    /// Waits for the end of the scenario, for a minute at most: sipp's own limit lets a call that stands go on.
    /// - Returns: its exit status (0: all went as the scenario says), and what it wrote.
    func finish() async -> (status: Int32, output: String) {
        let limit = DispatchSource.makeTimerSource()
        limit.setEventHandler { [self] in kill(process.processIdentifier, SIGKILL) }
        limit.schedule(deadline: .now() + 60)
        limit.resume()
        defer { limit.cancel() }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                let text = output.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(
                    returning: (process.terminationStatus, String(decoding: text, as: UTF8.self)))
            }
        }
    }

    // MARK: Steps

    static let ringAndWait = """
        <recv request="INVITE" crlf="true"></recv>
        <send><![CDATA[
        SIP/2.0 180 Ringing
        [last_Via:]
        [last_From:]
        [last_To:];tag=sipp[call_number]
        [last_Call-ID:]
        [last_CSeq:]
        Contact: <sip:[local_ip]:[local_port]>
        Content-Length: 0

        ]]></send>
        """

    /// A 200 with an answer, retransmitted until the ACK.
    static func answer(
        _ media: String = "RTP/AVP 0", attributes: String = "a=rtpmap:0 PCMU/8000",
        tag: Bool = true
    ) -> String {
        """
        <send retrans="500"><![CDATA[
        SIP/2.0 200 OK
        [last_Via:]
        [last_From:]
        [last_To:]\(tag ? ";tag=sipp[call_number]" : "")
        [last_Call-ID:]
        [last_CSeq:]
        Contact: <sip:[local_ip]:[local_port]>
        Content-Type: application/sdp
        Content-Length: [len]

        v=0
        o=- 1 1 IN IP[local_ip_type] [local_ip]
        s=-
        c=IN IP[media_ip_type] [media_ip]
        t=0 0
        m=audio [media_port] \(media)
        \(attributes)
        ]]></send>
        <recv request="ACK"></recv>
        """
    }

    static func refuse(_ status: String, _ headers: String = "") -> String {
        """
        <recv request="INVITE"></recv>
        <send><![CDATA[
        SIP/2.0 \(status)
        [last_Via:]
        [last_From:]
        [last_To:];tag=sipp[call_number]
        [last_Call-ID:]
        [last_CSeq:]
        \(headers.isEmpty ? "" : headers + "\n")Content-Length: 0

        ]]></send>
        <recv request="ACK"></recv>
        """
    }

    /// A re-INVITE whose body holds `text`.
    static func expectReinvite(_ text: String) -> String {
        """
        <recv request="INVITE"><action>
        <ereg regexp="\(text)" search_in="body" check_it="true" assign_to="1"/>
        </action></recv>
        <Reference variables="1"/>
        """
    }

    static let hangUp = """
        <recv request="BYE"></recv>
        <send><![CDATA[
        SIP/2.0 200 OK
        [last_Via:]
        [last_From:]
        [last_To:]
        [last_Call-ID:]
        [last_CSeq:]
        Content-Length: 0

        ]]></send>
        """
}
