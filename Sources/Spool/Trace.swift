internal import FoundationEssentials
import Glibc
package import Primitives

/// One step of a message on its way from the INVITE to the relay's 250.
package struct TraceEvent: Hashable, Sendable, Codable {
    package enum Step: String, Hashable, Sendable, Codable, CaseIterable {
        /// The call came.
        case invited
        /// Whose mailbox it is for, and by which rule.
        case mailbox
        /// The call was refused, perhaps after an announcement.
        case turnedAway = "turned-away"
        case answered
        case greeting
        /// A key that meant something.
        case key
        /// The tone was heard.
        case recording
        case ended
        /// What the recording holds: speech, or why it is none.
        case judged
        case queued, discarded, recovered
        /// A command has written down what was said, or has failed to.
        case transcribed
        /// A recipient has it.
        case accepted
        /// A recipient is tried again later.
        case deferred
        /// A recipient is given up.
        case refused
        /// Nobody is left to deliver to.
        case done, failed
        case held, released, retried, deleted
        /// The recording was fetched by its link.
        case fetched
        /// The link leads nowhere any more.
        case revoked
    }

    package var at: WallClockTime
    package var id: MessageIdentifier
    package var step: Step
    package var user: String?
    package var caller: String?
    /// For people: a Call-ID, a reply, a reason.
    package var text: String?
    /// To whom, as `mail alice@example.com`.
    package var target: String?
    /// A relay's URL or a path.
    package var place: String?
    /// The relay's name for it.
    package var queueID: String?

    package init(
        _ step: Step, _ id: MessageIdentifier, at: WallClockTime = .now, user: String? = nil,
        caller: String? = nil, text: String? = nil, target: String? = nil, place: String? = nil,
        queueID: String? = nil
    ) {
        self.at = at
        self.id = id
        self.step = step
        self.user = user
        self.caller = caller
        self.text = text
        self.target = target
        self.place = place
        self.queueID = queueID
    }

    /// With user and caller as the envelope has them.
    package init(
        _ step: Step, _ envelope: Envelope, text: String? = nil, target: String? = nil,
        place: String? = nil, queueID: String? = nil
    ) {
        self.init(
            step, envelope.id, user: envelope.addressee.user,
            caller: envelope.caller.number ?? envelope.caller.uri, text: text, target: target,
            place: place, queueID: queueID)
    }
}

/// The journal of all messages: `SPOOL/trace/YYYY-MM-DD.jsonl` (UTC), a line per step, only ever
/// added to. Any thread and process may write it.
package struct Trace: Sendable {
    package let directory: String

    package init(_ spool: Spool) { directory = "\(spool.directory)/trace" }

    /// Adds a step. That the journal can't be written keeps no message from its way: what counts is
    /// in the message's own directory.
    package func add(_ event: TraceEvent) {
        var line = Spool.encoded(event)
        line.append(10)
        let path = "\(directory)/\(Trace.day(of: event.at)).jsonl"
        var file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        if file < 0 && errno == ENOENT {
            mkdir(directory, 0o750)
            file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        }
        guard file >= 0 else { return }
        defer { close(file) }
        // One write, so that lines of two writers don't mix.
        _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }

    /// The steps that `matches` wants, in the order of the journal.
    /// - Parameter since: days before it aren't read.
    package func events(
        since: WallClockTime? = nil, where matches: (TraceEvent) -> Bool
    ) -> [TraceEvent] {
        let first = since.map { "\(Trace.day(of: $0)).jsonl" } ?? ""
        var found: [TraceEvent] = []
        for name in names() where name >= first {
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
                continue
            }
            let decoder = JSONDecoder()
            for line in data.split(separator: 10) {
                // A line that a power cut tore is passed over.
                guard let event = try? decoder.decode(TraceEvent.self, from: Data(line)),
                    event.at >= since ?? event.at, matches(event)
                else { continue }
                found.append(event)
            }
        }
        return found.sorted { $0.at < $1.at }
    }

    /// Removes the days that ended before `limit`, and of the others the oldest until the rest has at
    /// most `size` octets: strangers' calls are steps too. Today goes last.
    ///
    /// - Returns: the days that went for their size.
    package func expire(before limit: WallClockTime, size: Int) -> [String] {
        let first = "\(Trace.day(of: limit)).jsonl"
        var total = 0
        var removed: [String] = []
        for name in names().reversed() {
            let path = "\(directory)/\(name)"
            var information = stat()
            guard stat(path, &information) == 0 else { continue }
            total += Int(information.st_size)
            guard name < first || total > size else { continue }
            unlink(path)
            if name >= first { removed.append(String(name.dropLast(6))) }
        }
        return removed.reversed()
    }

    private func names() -> [String] {
        ((try? DirectoryHandle(directory).names()) ?? []).filter { $0.hasSuffix(".jsonl") }.sorted()
    }

    private static func day(of time: WallClockTime) -> String {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
