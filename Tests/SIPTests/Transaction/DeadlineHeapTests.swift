import Primitives
import SIP
import Testing

@Suite struct DeadlineHeapTests {
    /// Against a dictionary that is searched from end to end.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func agreesWithAPlainTable(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var heap = DeadlineHeap()
        var table: [Int: Instant] = [:]
        for _ in 0..<2000 {
            let key = Int.random(in: 0..<64, using: &random)
            let deadline: Instant? =
                Int.random(in: 0..<4, using: &random) == 0
                ? nil : t0 + .milliseconds(Int.random(in: 0..<500, using: &random))
            heap.set(deadline, for: key)
            table[key] = deadline
            #expect(heap.count == table.count)
            #expect(heap.first?.deadline == table.values.min())
            if let first = heap.first { #expect(table[first.key] == first.deadline) }
        }
        while let first = heap.first {
            #expect(first.deadline == table.values.min())
            table[first.key] = nil
            heap.set(nil, for: first.key)
        }
        #expect(table.isEmpty)
    }
}
