import Playout
import Testing

@Suite struct ProgrammeTests {
    private func cursor(
        _ lengths: [Int64], _ order: Programme.Order = .sequential,
        _ announcement: Programme.Announcement? = nil
    ) throws -> ProgrammeCursor {
        ProgrammeCursor(
            try #require(
                Programme(
                    lengths: lengths.map { MediaTime(ticks: $0) }, order: order,
                    announcement: announcement)))
    }

    /// The segments heard from tick 0 on, by walking along `remaining`.
    private func walk(_ cursor: inout ProgrammeCursor, segments: Int) -> [Int] {
        var time = MediaTime.zero
        return (0..<segments).map { _ in
            let position = cursor.locate(time)
            time = time + position.remaining
            return position.segment
        }
    }

    @Test func playsTracksOneAfterTheOtherWithoutLosingATick() throws {
        var cursor = try cursor([3, 5])
        let heard = (-8..<16).map { cursor.locate(MediaTime(ticks: $0)) }
        #expect(
            heard.map(\.segment) == [
                0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1,
            ])
        #expect(
            heard.map(\.offset.ticks) == [
                0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4,
            ])
    }

    @Test func shuffleHearsAllBeforeARepeatAndNeverTwiceInARow() throws {
        var cursor = try cursor([10, 20, 30, 40, 50], .shuffle(seed: 7))
        let heard = walk(&cursor, segments: 5 * 200)
        let cycles = stride(from: 0, to: heard.count, by: 5).map { Array(heard[$0..<$0 + 5]) }
        #expect(cycles.allSatisfy { $0.sorted() == [0, 1, 2, 3, 4] })
        #expect(zip(heard, heard.dropFirst()).allSatisfy { $0 != $1 })
        #expect(Set(cycles).count > 60, "orders differ from cycle to cycle")
    }

    @Test func placesAreTheSameInWhateverOrderTheyAreAskedFor() throws {
        var forward = try cursor([10, 20, 30, 40], .shuffle(seed: 1))
        var backward = try cursor([10, 20, 30, 40], .shuffle(seed: 1))
        let times = (-500..<500).map { MediaTime(ticks: $0) }
        let a = times.map { forward.locate($0) }
        let b = times.reversed().map { backward.locate($0) }
        #expect(a == b.reversed())
    }

    @Test func announcementByTimeCutsTheTrackAndGoesOnWhereItWas() throws {
        var cursor = try cursor(
            [10], .sequential,
            .init(length: MediaTime(ticks: 2), interval: .time(MediaTime(ticks: 4))))
        let heard = (0..<12).map { cursor.locate(MediaTime(ticks: $0)) }
        #expect(heard.map(\.segment) == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1])
        #expect(heard.map(\.offset.ticks) == [0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 0, 1])
        #expect(heard[0].remaining.ticks == 4)
    }

    @Test(arguments: [
        (1, [0, 3, 1, 3, 2, 3, 0]), (2, [0, 1, 3, 2, 0, 1, 3]), (3, [0, 1, 2, 3, 0, 1, 2]),
        (9, [0, 1, 2, 3, 0, 1, 2]),
    ])
    func announcementByTracks(every: Int, segments: [Int]) throws {
        var cursor = try cursor(
            [4, 5, 6], .sequential, .init(length: MediaTime(ticks: 2), interval: .tracks(every)))
        #expect(walk(&cursor, segments: segments.count) == segments)
    }

    @Test func refusesWhatHasNoLength() {
        #expect(Programme(lengths: [], order: .sequential) == nil)
        #expect(Programme(lengths: [.zero], order: .sequential) == nil)
    }
}
