internal import AudioLibrary
internal import Directory
internal import Mailer
internal import MediaEngine
internal import MusicOnHold
internal import Playout
internal import Primitives
internal import SIP
internal import UserAgent
internal import Voicemail

/// The text format of Prometheus, version 0.0.4.
struct Metrics {
    private(set) var text = ""

    typealias Labels = KeyValuePairs<String, String>

    static func text(_ snapshot: ApplianceState.Snapshot) -> String {
        var metrics = Metrics()
        metrics.write(snapshot.media)
        metrics.write(snapshot.sip)
        metrics.write(snapshot.music)
        metrics.write(snapshot.mail)
        metrics.write(snapshot.users)
        metrics.write(snapshot.voicemail, callers: snapshot.callers)
        metrics.gauge(
            "listeners", "Calls that hear music",
            snapshot.listeners.map { (["class": $0], Double($1)) })
        metrics.gauge(
            "class_fallback", "1 where a class plays other music than its own",
            snapshot.classes.map { (["class": $0.name], $0.fallback?.isAlarm == true ? 1 : 0) })
        metrics.write(
            snapshot.classes.compactMap { report in report.source.map { (report.name, $0) } })
        metrics.gauge(
            "healthy", "1 when the appliance can work", [([:], snapshot.health.isHealthy ? 1 : 0)])
        return metrics.text
    }

    private mutating func write(_ media: MediaEngineStatistics) {
        func labels(_ key: MediaEngineStatistics.Key) -> Labels {
            ["class": key.classID.name, "codec": "\(key.format)", "kind": key.kind.rawValue]
        }
        gauge("rtp_streams", "Streams open", media.traffic.map { (labels($0), Double($1.streams)) })
        counter(
            "rtp_packets_total", "RTP packets sent",
            media.traffic.map { (labels($0), Double($1.packets)) })
        counter(
            "rtp_octets_total", "Octets of RTP payload sent",
            media.traffic.map { (labels($0), Double($1.octets)) })
        single("rtp_send_errors_total", "Packets that the kernel refused", media.sendErrors)
        single(
            "rtp_skipped_ticks_total", "Packets left out because a tick came too late",
            media.skippedTicks)
        single("rtp_received_total", "RTP packets from listeners, dropped", media.received)
        single("rtp_dropped_total", "Datagrams that are no RTP of a listener", media.dropped)
        single(
            "rtp_ring_packets_total", "RTP packets that left by a packet ring", media.ringPackets)
        single("rtcp_sent_total", "RTCP packets sent", media.rtcpSent)
        single("rtcp_received_total", "RTCP packets received", media.rtcpReceived)
        single("rtp_icmp_errors_total", "ICMP errors about media", media.icmpErrors)
        single("rtp_ssrc_collisions_total", "SSRC collisions", media.collisions)
        single(
            "rtp_proofs_expired_total", "Streams stopped for want of proof of the path",
            media.proofsExpired)
        func listening(
            _ name: String, _ help: String, _ value: (MediaEngineStatistics.Listening) -> Double
        ) -> (String, String, [(Labels, Double)]) {
            (name, help, media.listening.map { (["class": $0.name], value($1)) })
        }
        for (name, help, samples) in [
            listening("listener_reports_total", "RTCP reports from listeners") {
                Double($0.reports)
            },
            listening("listener_lost_fraction_sum", "Sum of the share lost in each report") {
                $0.fractionLostSum
            },
            listening("listener_jitter_seconds_sum", "Sum of the jitter in each report") {
                $0.jitterSum
            },
            listening("listener_round_trip_seconds_sum", "Sum of round-trip times") {
                $0.roundTripSum
            },
            listening("listener_round_trips_total", "Round-trip times measured") {
                Double($0.roundTrips)
            },
        ] {
            counter(name, help, samples)
        }
        write(media.lateness)
    }

    private mutating func write(_ sources: [(name: String, report: SourceReport)]) {
        guard !sources.isEmpty else { return }
        gauge(
            "source_playing", "1 where a class's live source is heard",
            sources.map { (["class": $0.name], $0.report.state == .playing ? 1 : 0) })
        counter(
            "source_restarts_total", "How often a live source's command was started again",
            sources.map { (["class": $0.name], Double($0.report.restarts)) })
    }

    private mutating func write(_ lateness: MediaEngineStatistics.Lateness) {
        header("rtp_tick_lateness_seconds", "How late sending ticks began", "histogram")
        var sum: UInt64 = 0
        for (edge, count) in zip(MediaEngineStatistics.Lateness.edges, lateness.counts) {
            sum += count
            sample("rtp_tick_lateness_seconds_bucket", ["le": "\(edge.seconds)"], Double(sum))
        }
        sum += lateness.counts.last ?? 0
        sample("rtp_tick_lateness_seconds_bucket", ["le": "+Inf"], Double(sum))
        sample("rtp_tick_lateness_seconds_sum", [:], lateness.sum.seconds)
        sample("rtp_tick_lateness_seconds_count", [:], Double(sum))
    }

    private mutating func write(_ sip: UserAgentStatistics) {
        gauge("sip_sessions", "Sessions open", [([:], Double(sip.sessions))])
        for (direction, requests, responses) in [
            ("received", sip.requestsReceived, sip.responsesReceived),
            ("sent", sip.requestsSent, sip.responsesSent),
        ] {
            counter(
                "sip_requests_\(direction)_total", "SIP requests \(direction)",
                requests.map { (["method": "\($0)"], Double($1)) })
            counter(
                "sip_responses_\(direction)_total", "SIP responses \(direction)",
                responses.map {
                    (["method": "\($0.method)", "code": "\($0.code.value)"], Double($1))
                })
        }
        counter(
            "sip_refusals_total", "Requests refused, by code",
            sip.refusals.map { (["code": "\($0.value)"], Double($1)) })
        counter(
            "sip_parse_failures_total", "What could not be read as SIP, by reason",
            sip.parseFailures.map { (["reason": $0], Double($1)) })
        single(
            "sip_unproven_refused_total",
            "INVITEs refused because their address has too many without ACK",
            sip.transactions.unproven)
        single(
            "sip_retransmissions_total", "Messages sent again by their transactions",
            sip.transactions.retransmissions)
        single(
            "sip_repeated_requests_total", "Requests that came again",
            sip.transactions.repeatedRequests)
        single(
            "sip_merged_requests_total", "Requests that came by a second path, refused with 482",
            sip.transactions.mergedRequests)
        single(
            "sip_timeouts_total", "Requests of ours that nobody answered",
            sip.transactions.timeouts)
        single("sip_send_failures_total", "Messages that could not be sent", sip.sendFailures)
        single(
            "sip_datagrams_dropped_total", "Datagrams lost for want of buffer", sip.datagramsDropped
        )
        counter(
            "sip_icmp_errors_total", "ICMP errors about SIP, by what came of them",
            [
                (["effect": "ended"], Double(sip.icmpErrors.ended)),
                (["effect": "noted"], Double(sip.icmpErrors.noted)),
                (["effect": "ignored"], Double(sip.icmpErrors.ignored)),
            ])
        gauge("sip_connections", "Connections open", [([:], Double(sip.connectionsOpen))])
        single("sip_connections_accepted_total", "Connections accepted", sip.connectionsAccepted)
        single(
            "sip_connections_refused_total", "Connections refused by limits", sip.connectionsRefused
        )
        counter(
            "sip_connections_closed_total", "Connections closed, by cause",
            sip.connectionsClosed.map { (["cause": $0], Double($1)) })
    }

    private mutating func write(_ music: MusicOnHoldStatistics) {
        counter(
            "calls_total", "Calls accepted, by class",
            music.calls.map { (["class": $0], Double($1)) })
        single("calls_refused_total", "Calls and changes of calls refused", music.refused)
        single("redirects_total", "Calls redirected to the unicast address", music.redirects)
        single(
            "missing_classes_total", "Times that a class was named which doesn't exist",
            music.missingClasses)
        single(
            "proofs_expired_total", "Calls ended for want of proof of the media path",
            music.proofsExpired)
    }

    private mutating func write(_ voicemail: VoicemailStatistics, callers: Int) {
        gauge("voicemail_callers", "Messages that are being left", [([:], Double(callers))])
        single("voicemail_calls_total", "Calls to a mailbox of this node", voicemail.calls)
        single("voicemail_messages_total", "Messages put in the queue", voicemail.messages)
        counter(
            "voicemail_discarded_total", "Calls that left nothing to mail, by reason",
            voicemail.discarded.map { (["reason": $0], Double($1)) })
        counter(
            "voicemail_refused_total", "Calls to mailboxes that were refused, by reason",
            voicemail.refused.map { (["reason": $0], Double($1)) })
        single(
            "voicemail_failures_total", "Messages that the disk cut off or kept back",
            voicemail.failures)
    }

    private mutating func write(_ mail: MailState) {
        gauge("mail_queue", "Messages to be delivered", [([:], Double(mail.mailer.queued))])
        gauge(
            "mail_oldest_seconds", "How long the oldest of them has waited",
            [([:], mail.mailer.oldest?.seconds ?? 0)])
        gauge(
            "mail_relays_left_alone", "Relays that are not tried after a failure",
            [([:], Double(mail.mailer.closedRelays.count))])
        single("mail_accepted_total", "Recipients who have their mail", mail.mailer.counts.accepted)
        single(
            "mail_deferred_total", "Deliveries that are to be tried again",
            mail.mailer.counts.deferred)
        single("mail_refused_total", "Recipients given up", mail.mailer.counts.failed)
        gauge(
            "spool_below_reserve", "1 when the spool's disk is below its reserve",
            [([:], mail.isBelowReserve ? 1 : 0)])
    }

    private mutating func write(_ users: CachedDirectory.Statistics) {
        counter(
            "directory_questions_total", "Questions about users, by what answered",
            [
                (["by": "memory"], Double(users.remembered)),
                (["by": "store"], Double(users.asked)),
                (["by": "memory while the store was away"], Double(users.old)),
                (["by": "nothing"], Double(users.failed)),
            ])
    }

    // MARK: Text

    private mutating func single(_ name: String, _ help: String, _ value: UInt64) {
        counter(name, help, [([:], Double(value))])
    }

    private mutating func counter(_ name: String, _ help: String, _ samples: [(Labels, Double)]) {
        family(name, help, "counter", samples)
    }

    private mutating func gauge(_ name: String, _ help: String, _ samples: [(Labels, Double)]) {
        family(name, help, "gauge", samples)
    }

    private mutating func family(
        _ name: String, _ help: String, _ type: String, _ samples: [(Labels, Double)]
    ) {
        header(name, help, type)
        for (labels, value) in samples.sorted(by: { "\($0.0)" < "\($1.0)" }) {
            sample(name, labels, value)
        }
    }

    private mutating func header(_ name: String, _ help: String, _ type: String) {
        text += "# HELP intermezzo_\(name) \(help)\n# TYPE intermezzo_\(name) \(type)\n"
    }

    private mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        let inner = labels.map { "\($0.key)=\"\(Metrics.escaped($0.value))\"" }.joined(
            separator: ",")
        let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
        text += "intermezzo_\(name)\(inner.isEmpty ? "" : "{\(inner)}") \(number)\n"
    }

    private static func escaped(_ value: String) -> String {
        value.unicodeScalars.reduce(into: "") { text, c in
            switch c {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(c)
            }
        }
    }
}
