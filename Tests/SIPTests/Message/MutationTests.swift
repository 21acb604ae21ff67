import SIP
import Testing

/// Messages of the RFCs, changed at random from a seed: nothing traps, and what is read and written
/// reads the same. `make fuzz` runs the same checks for longer, led by what the code does.
@Suite struct MutationTests {
    @Test(arguments: 0..<8)
    func holdsForMutatedMessages(seed: Int) throws {
        let originals = try (Vector.all("rfc4475") + Vector.all("rfc5118")).map { try $0.octets }
        var mutation = Mutation(seed: UInt64(seed) + 1)
        var messages = 0
        for _ in 0..<2_500 {
            let octets = mutation.mutate(
                originals[mutation.below(originals.count)], others: originals)
            do {
                if try MessageExercise.run(octets) { messages += 1 }
            } catch {
                Issue.record("\(error) from \(text(octets).debugDescription)")
                return
            }
        }
        // A mutation that nothing survives would test nothing.
        #expect(messages > 1_000)
    }

    @Test(arguments: 0..<2)
    func holdsForMutatedStreams(seed: Int) throws {
        let originals = try (Vector.all("rfc4475") + Vector.all("rfc5118")).map { try $0.octets }
        var mutation = Mutation(seed: UInt64(seed) + 100)
        for _ in 0..<500 {
            var octets: [UInt8] = [UInt8(truncatingIfNeeded: mutation.next())]
            for _ in 0...mutation.below(3) {
                octets += originals[mutation.below(originals.count)]
                octets += Array(repeating: [13, 10], count: mutation.below(4)).flatMap { $0 }
            }
            octets = [octets[0]] + mutation.mutate(Array(octets[1...]), others: originals)
            do {
                try FrameExercise.run(octets)
            } catch {
                Issue.record("\(error) from \(text(octets).debugDescription)")
                return
            }
        }
    }
}
