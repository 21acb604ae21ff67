import MediaEngine
import Playout
import Primitives
import RTP
import Testing

/// Two nodes of a site and one group, on the loopback interface.
@Suite(.serialized, .timeLimit(.minutes(1))) struct MulticastSocketTests {
    private func parameters(_ port: UInt16) throws -> MulticastParameters {
        let group = try #require(IPAddress("239.255.77.77"))
        return MulticastParameters(
            classID: "default", format: .pcmu, payloadType: 0,
            group: Endpoint(group, port: port), local: .loopbackV4, interface: "lo",
            takeover: .milliseconds(200))
    }

    @Test func oneSendsAndTheOtherTakesOver() throws {
        let music = try Music(lengths: [8001, 4003])
        let group = try parameters(24_680)
        let listener = try TestSocket(group.group.address, port: group.group.port)
        try listener.join()
        let nodes = [
            try RunningEngine(music, siteSeed: 5), try RunningEngine(music, siteSeed: 5),
        ]
        let ids = try nodes.map { try $0.engine.startMulticast(group) }
        // They may both begin within the same 10 ms; then one of them stands back.
        _ = listener.receive(30)
        var heard = listener.receive(100)
        #expect(heard.count == 100)
        #expect(Set(heard.map(\.destination)).count == 1)
        let sending = zip(nodes, ids).map { $0.engine.isSending($1) }
        #expect(sending.filter { $0 }.count == 1)
        let first = try #require(sending.firstIndex(of: true))
        nodes[first].engine.stop()
        heard += listener.receive(100)
        #expect(Set(heard.map(\.destination)).count == 2)
        #expect(Set(heard.map(\.ssrc)).count == 1)
        #expect(nodes[1 - first].engine.isSending(ids[1 - first]))
        for (a, b) in zip(heard, heard.dropFirst()) {
            let steps = UInt32(b.sequence &- a.sequence)
            // The takeover time, the stagger of up to 50 ms and a look every 10 ms.
            #expect(steps >= 1 && steps <= 40)
            #expect(b.timestamp &- a.timestamp == 160 * steps)
        }
        let gaps = zip(heard, heard.dropFirst()).filter { $1.sequence &- $0.sequence != 1 }
        #expect(gaps.count == 1)
    }

    @Test func aStandbyThatJoinsLaterStaysSilent() throws {
        let music = try Music(lengths: [8001, 4003])
        let group = try parameters(24_690)
        let listener = try TestSocket(group.group.address, port: group.group.port)
        try listener.join()
        let one = try RunningEngine(music, siteSeed: 5)
        let first = try one.engine.startMulticast(group)
        _ = listener.receive(10)
        let other = try RunningEngine(music, siteSeed: 5)
        let second = try other.engine.startMulticast(group)
        let heard = listener.receive(100)
        #expect(Set(heard.map(\.destination)).count == 1)
        #expect(one.engine.isSending(first))
        #expect(!other.engine.isSending(second))
        #expect(zip(heard, heard.dropFirst()).allSatisfy { $1.sequence &- $0.sequence == 1 })
        one.engine.stopMulticast(first)
        #expect(listener.receive(50).count == 50)
        #expect(other.engine.isSending(second))
    }
}
