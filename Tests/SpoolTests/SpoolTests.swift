import Foundation
import Primitives
import Spool
import Testing

@Suite struct SpoolTests {
    let scratch: Scratch
    let spool: Spool

    init() throws {
        scratch = try Scratch()
        spool = try scratch.spool()
    }

    @discardableResult
    private func record(
        _ random: UInt64 = 1, samples: Int = 16_000, with spool: Spool? = nil
    ) throws -> Envelope {
        let envelope = Scratch.envelope(random)
        let path = try (spool ?? self.spool).begin(envelope)
        try Scratch.audio(samples: samples).write(to: URL(filePath: "\(path)/audio.au"))
        return envelope
    }

    @Test func aRecordingBecomesAQueuedMessage() throws {
        var envelope = try record()
        #expect(try spool.list(.recording) == [envelope.id])
        envelope.samples = 16_000
        envelope.ending = .hungUp
        try spool.finish(envelope)
        try spool.finish(envelope)  // a repeated step
        #expect(try spool.list(.recording) == [])
        #expect(try spool.envelope(of: envelope.id, in: .queue) == envelope)
    }

    @Test func theReasonStandsBesideWhatIsDiscarded() throws {
        let envelope = try record()
        try spool.discard(envelope, reason: "silence")
        let path = spool.path(of: envelope.id, in: .discarded)
        let text = try String(contentsOfFile: "\(path)/discarded.json", encoding: .utf8)
        #expect(text.contains(#""reason":"silence""#))
    }

    @Test func whatIsDiscardedIsKeptForAWhile() throws {
        let envelope = try record()
        try spool.discard(envelope, reason: "silence")
        let day: Int64 = 86_400_000_000_000
        let now = WallClockTime.now.nanoseconds
        // `keep-discarded` a week: not after six days, but after eight.
        for (passed, left) in [(6 * day, 1), (8 * day, 0)] as [(Int64, Int)] {
            let limit = WallClockTime(nanoseconds: now + passed - 7 * day)
            #expect(try spool.expire(.discarded, before: limit) == 1 - left)
            #expect(try spool.list(.discarded).count == left)
        }
        #expect(spool.state(of: envelope.id) == nil)
    }

    @Test func whatWasCutOffIsFinishedAtTheNextStart() throws {
        let envelope = try record(samples: 20_000)
        let found = try spool.recover { envelope, path in
            #expect(envelope.samples == 20_000)
            #expect(FileManager.default.fileExists(atPath: "\(path)/audio.au"))
            // What the envelope was begun with was a guess.
            envelope.sampleRate = 16_000
            return .queue
        }
        #expect(found == [.queued(envelope.id)])
        let recovered = try spool.envelope(of: envelope.id, in: .queue)
        #expect(recovered.ending == .interrupted)
        #expect(recovered.messageID == envelope.messageID)
        let ended = try #require(recovered.ended)
        #expect(ended.nanoseconds - envelope.began.nanoseconds == 1_250_000_000)
    }

    /// G39 (d): broken pieces are set aside with a reason, not mailed, and found once.
    @Test func brokenPiecesAreSetAside() throws {
        let recording = spool.path(of: .recording)
        try Data("twenty octets of this".utf8).write(to: URL(filePath: "\(recording)/scrap"))
        try Data().write(to: URL(filePath: "\(recording)/empty"))
        let lost = try record(2)
        try FileManager.default.removeItem(
            atPath: "\(spool.path(of: lost.id, in: .recording))/envelope.json")
        let torn = try record(3)
        let tornPath = spool.path(of: torn.id, in: .recording)
        try Data(#"{"version":1,"#.utf8).write(to: URL(filePath: "\(tornPath)/envelope.json"))
        let silent = try record(4, samples: 0)
        try FileManager.default.createDirectory(
            atPath: "\(recording)/shell", withIntermediateDirectories: false)

        let found = try spool.recover { _, _ in .queue }
        var aside: Set<String> = []
        for case .setAside(let name, let cause) in found {
            aside.insert(name)
            #expect(!cause.isEmpty)
        }
        #expect(aside == ["scrap", "empty", "\(lost.id)", "\(torn.id)"])
        #expect(found.contains(.removed(name: "shell")))
        #expect(found.contains(.discarded(silent.id, reason: "nothing was said")))
        #expect(try spool.list(.queue) == [])
        #expect(try spool.recover { _, _ in .queue } == [])
        // The sound is still there.
        let kept = spool.path(of: lost.id, in: .failed)
        #expect(AudioLength.samples(inFileAt: "\(kept)/audio.au") == 16_000)
    }

    @Test func anEnvelopeOfALaterVersionIsRefused() throws {
        var envelope = Scratch.envelope()
        envelope.version = 2
        try spool.begin(envelope)
        #expect(throws: SpoolError.self) { try spool.envelope(of: envelope.id, in: .recording) }
    }

    @Test func holdReleaseAndDelete() throws {
        let envelope = try record()
        try spool.finish(envelope)
        try spool.hold(envelope.id)
        #expect(spool.state(of: envelope.id) == .held)
        #expect(throws: SpoolError.unfit(envelope.id, .held)) { try spool.hold(envelope.id) }
        try spool.release(envelope.id)
        #expect(spool.state(of: envelope.id) == .queue)
        try spool.move(envelope.id, from: .queue, to: .done)
        #expect(throws: SpoolError.unfit(envelope.id, .done)) {
            try spool.retry(envelope.id, at: .now)
        }
        try spool.delete(envelope.id)
        #expect(spool.state(of: envelope.id) == nil)
        let left = try FileManager.default.subpathsOfDirectory(atPath: spool.directory)
        #expect(left.filter { $0.hasSuffix("audio.au") } == [])
    }

    @Test func aMessageInHandIsNotMoved() throws {
        let envelope = try record()
        try spool.finish(envelope)
        let taken = try spool.open(envelope.id, in: .queue, locks: true)
        #expect(throws: SpoolError.busy(envelope.id)) {
            _ = try spool.open(envelope.id, in: .queue, locks: true)
        }
        // What is written goes to the message, wherever it stands by now.
        try spool.move(envelope.id, from: .queue, to: .held)
        let now = WallClockTime(nanoseconds: 1)
        try spool.write(DeliveryRecord(queued: now, recipients: []), in: taken)
        let held = try spool.open(envelope.id, in: .held)
        let queued = try spool.deliveries(in: held)?.queued
        #expect(queued == now)
        let isThere = taken.isAt(spool.path(of: envelope.id, in: .queue))
        #expect(!isThere)
    }

    @Test func deliveriesReadBackAsWritten() throws {
        let envelope = try record()
        try spool.finish(envelope)
        let message = try spool.open(envelope.id, in: .queue)
        let none = try spool.deliveries(in: message)
        #expect(none == nil)
        let now = WallClockTime(nanoseconds: 1_800_000_000_000_000_000)
        var waiting = DeliveryRecord.Recipient(
            target: .init(.mail, "müller@example.com"), next: WallClockTime(nanoseconds: 5))
        waiting.failure = .init(at: now, place: "smtp://a:25", step: "RCPT", reply: "450 later")
        var done = DeliveryRecord.Recipient(target: .init(.short, "b@example.com"), next: now)
        done.state = .accepted
        done.acceptance = .init(at: now, place: "smtp://a:25", reply: "250 ok", queueID: "4F")
        let record = DeliveryRecord(queued: now, recipients: [waiting, done])
        try spool.write(record, in: message)
        let back = try spool.deliveries(in: message)
        #expect(back == record)
        #expect(record.next == WallClockTime(nanoseconds: 5))
    }

    @Test func whatIsOldExpires() throws {
        let envelope = try record()
        try spool.discard(envelope, reason: "silence")
        #expect(try spool.expire(.discarded, before: WallClockTime(nanoseconds: 0)) == 0)
        let soon = WallClockTime(nanoseconds: WallClockTime.now.nanoseconds + 5_000_000_000)
        #expect(try spool.expire(.discarded, before: soon) == 1)
        #expect(try spool.list(.discarded) == [])
    }

    @Test func theTraceIsBoundByAgeAndBySize() throws {
        let trace = Trace(spool)
        let day: Int64 = 86_400_000_000_000
        // 2027-01-15T08:00:00Z
        let today: Int64 = 1_800_000_000_000_000_000
        let id = Scratch.envelope().id
        func time(_ daysAgo: Int64) -> WallClockTime {
            WallClockTime(nanoseconds: today - daysAgo * day)
        }
        func days() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: trace.directory).sorted()
                .map { String($0.prefix(10)) }
        }
        for daysAgo in (0..<5 as Range<Int64>).reversed() {
            for _ in 0..<10 { trace.add(TraceEvent(.done, id, at: time(daysAgo))) }
        }
        let file = "\(trace.directory)/2027-01-15.jsonl"
        let size = try #require(FileManager.default.contents(atPath: file)).count
        #expect(trace.expire(before: time(3), size: 100 * size) == [])
        #expect(try days() == ["2027-01-12", "2027-01-13", "2027-01-14", "2027-01-15"])
        #expect(trace.expire(before: time(3), size: 4 * size) == [])
        #expect(trace.expire(before: time(3), size: 3 * size - 1) == ["2027-01-12", "2027-01-13"])
        #expect(try days() == ["2027-01-14", "2027-01-15"])
        #expect(trace.events { _ in true }.count == 20)
        #expect(trace.expire(before: time(3), size: size - 1) == ["2027-01-14", "2027-01-15"])
        trace.add(TraceEvent(.done, id, at: time(0)))
        #expect(trace.events { _ in true }.count == 1)
    }

    @Test func oneDaemonAtATime() throws {
        let lock = try spool.occupy()
        #expect(throws: SpoolError.inUse(spool.directory)) { try spool.occupy() }
        withExtendedLifetime(lock) {}
    }

    @Test func triedAgainIsWhoHasItNot() throws {
        let envelope = try record()
        try spool.finish(envelope)
        let past = WallClockTime(nanoseconds: 1)
        let now = WallClockTime(nanoseconds: 9)
        var accepted = DeliveryRecord.Recipient(target: .init(.mail, "a@x"), next: past)
        accepted.state = .accepted
        var failed = DeliveryRecord.Recipient(target: .init(.mail, "b@x"), next: past)
        failed.state = .failed
        var told = DeliveryRecord.Recipient(target: .init(.postmaster, "p@x"), next: past)
        told.state = .accepted
        let message = try spool.open(envelope.id, in: .queue)
        try spool.write(
            DeliveryRecord(queued: past, recipients: [accepted, failed, told]), in: message)
        try spool.move(envelope.id, from: .queue, to: .failed)
        try spool.retry(envelope.id, at: now)
        let summary = try spool.summary(envelope.id)
        #expect(summary.state == .queue)
        #expect(summary.delivery?.queued == now)
        #expect(summary.delivery?.recipients.map(\.state) == [.accepted, .waiting])
        #expect(summary.delivery?.next == now)
    }

    @Test func theReserveIsOfTheDisk() throws {
        #expect(try spool.freeSpace() > 0)
        #expect(!spool.isBelow(reserve: 1))
        #expect(spool.isBelow(reserve: .max))
    }
}

@Suite struct AudioLengthTests {
    @Test(arguments: [
        (Data(), 0), (Data(".snd".utf8), 0), (Scratch.audio(samples: 0), 0),
        (Scratch.audio(samples: 7), 7), (Scratch.audio(samples: 7) + [1], 7),
        (Data("RIFF".utf8) + Scratch.audio(samples: 7).dropFirst(4), 0),
    ])
    func isByTheFile(_ row: (data: Data, samples: Int)) throws {
        let scratch = try Scratch()
        let path = "\(scratch.directory)/x.au"
        try row.data.write(to: URL(filePath: path))
        #expect(AudioLength.samples(inFileAt: path) == row.samples)
    }
}
