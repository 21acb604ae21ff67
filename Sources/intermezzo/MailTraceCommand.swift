import Appliance
import ArgumentParser
import Foundation
import Primitives
import Spool

struct MailTraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show each step of messages, from the call to the relay's reply.")

    @OptionGroup var options: ConfigurationOption
    @Argument(help: "One message's identifier.") var id: String?
    @Option(help: "Messages for this user.") var user: String?
    @Option(help: "Messages whose caller's number or address contains this.") var caller: String?
    @Option(help: "Steps since then: 2026-11-26, 2026-11-26T18:00:00Z, or 30m, 12h, 7d ago.")
    var since: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let start = try since.map { text in
            guard let start = Self.time(text, now: .now) else {
                throw ValidationError("'\(text)' is no time: write 2026-11-26, or 12h")
            }
            return start
        }
        let spool = try options.spool()
        let trace = Trace(spool)
        var matching = trace.events(since: start) { event in
            (id == nil || event.id.description == id) && (user == nil || event.user == user)
                && (caller.map { event.caller?.contains($0) ?? false } ?? true)
        }
        if user != nil || caller != nil {
            // Some steps know the message alone.
            let ids = Set(matching.map(\.id))
            matching = trace.events(since: start) { ids.contains($0.id) }
        }
        guard !json else { return try printJSON(matching) }
        printTable(
            ["TIME", "ID", "STEP", "USER", "CALLER", "DETAIL"],
            matching.map { event in
                let detail = [event.target, event.place, event.text].compactMap(\.self)
                return [
                    local(event.at), "\(event.id)", event.step.rawValue, event.user ?? "-",
                    event.caller ?? "-", detail.joined(separator: " "),
                ]
            })
    }

    /// A day, a moment, or so long ago.
    static func time(_ text: String, now: WallClockTime) -> WallClockTime? {
        if let unit = text.last, let count = Int64(text.dropLast()), (0...100_000).contains(count),
            let seconds = ["s": 1, "m": 60, "h": 3600, "d": 86_400][unit] as Int64?
        {
            return WallClockTime(nanoseconds: now.nanoseconds - count * seconds * 1_000_000_000)
        }
        let moment = try? Date(text, strategy: .iso8601)
        let day = try? Date(text, strategy: .iso8601.year().month().day())
        return (moment ?? day).map {
            WallClockTime(nanoseconds: Int64($0.timeIntervalSince1970 * 1e9))
        }
    }
}
