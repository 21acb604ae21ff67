internal import Directory
package import IVR
internal import Logging
internal import Playout
internal import Primitives
internal import SIP
internal import Spool
internal import UserAgent

/// What a caller does, and what comes of it.
extension Voicemail {
    /// What the media tell.
    package func noticed(_ media: MediaSessionID, _ event: MediaSessionEvent) {
        if case .recorded(let summary) = event { return recorded(media, summary) }
        guard let id = sessions[media] else { return }
        switch event {
        case .played: played(id)
        case .key(let key): handle(id, .key(key))
        case .proved:
            visits[id]?.isProved = true
            // Who sends to our port has the answer, though the ACK that says so may be lost.
            handle(id, .established)
        case .unreachable:
            agent.logger(for: id).notice("ends the call: the caller's port is unreachable")
            agent.end(id, reason: "Q.850;cause=31;text=\"Media unreachable\"")
        case .saidGoodbye:
            agent.logger(for: id).notice("ends the call: the caller said goodbye by RTCP")
            agent.end(id, reason: "Q.850;cause=31;text=\"RTCP BYE\"")
        case .recorded: break
        }
    }

    private func played(_ id: SessionID) {
        switch visits[id]?.purpose {
        case .announcement(let status):
            visits[id]?.purpose = .over
            agent.reject(id, Rejection(status))
        case .answeredAnnouncement(let status, _):
            visits[id]?.purpose = .over
            agent.end(id, reason: "SIP;cause=\(status.value)")
        case .deposit, .over, nil:
            handle(id, .played)
        }
    }

    func handle(_ id: SessionID, _ input: Deposit.Input) {
        guard var deposit = visits[id]?.purpose.deposit else { return }
        let actions = deposit.handle(input)
        visits[id]?.purpose.deposit = deposit
        for action in actions { perform(id, action) }
    }

    private func perform(_ id: SessionID, _ action: Deposit.Action) {
        guard let visit = visits[id] else { return }
        switch action {
        case .play(let items): play(id, items)
        case .stopPlaying: media.stopPlaying(visit.media.id)
        case .record: record(id)
        case .stopRecording:
            visits[id]?.wantsRecording = false
            if visit.isRecording {
                media.stopRecording(visit.media.id)
            } else {
                handle(id, .recorded(.key, hasSpeech: false))
            }
        case .keep(let ending, let isUrgent):
            visits[id]?.outcome = .keep(ending, isUrgent: isUrgent)
        case .forget: visits[id]?.outcome = .forget
        case .transfer:
            guard let target = configuration.operator else { return agent.end(id) }
            agent.refer(id, to: target)
        case .hangUp: agent.end(id)
        case .chose(let choice): note(visit, .key, choice.rawValue)
        }
    }

    func play(_ id: SessionID, _ items: [Deposit.Item]) {
        guard let visit = visits[id] else { return }
        let language = visit.user.language ?? configuration.language
        let sounds = items.compactMap { item -> PlayItem? in
            switch item {
            case .phrase(let phrase):
                configuration.files.file(of: phrase, in: language).map { .file($0) }
            case .greeting: greeting(of: visit.user, visit.request.reason).map { .file($0) }
            case .tone: .recordTone
            case .recording: visit.path.map { .file("\($0)/\(Spool.audioFile)") }
            }
        }
        media.play(visit.media.id, sounds)
    }

    // MARK: Recording

    /// Makes the message's directory while the caller hears the greeting.
    func makeMessage(_ id: SessionID, greeting: String) {
        guard let visit = visits[id] else { return }
        let now = WallClockTime.now
        var random = SystemRandomNumberGenerator()
        let name = MessageIdentifier(at: now, node: configuration.node, random: random.next())
        let envelope = Envelope(
            id: name, messageID: "<\(name)@\(configuration.domain)>",
            callID: visit.arrival.callID, node: configuration.node,
            site: configuration.site,
            addressee: Addressee(visit.user, configuration),
            caller: visit.request.caller, called: visit.request.called,
            reason: visit.request.reason, began: now, sampleRate: 8000)
        visits[id]?.envelope = envelope
        note(visit.arrival, as: envelope, greeting: greeting)
        agent.logger(for: id).info(
            "takes a message for \(visit.user.name)", metadata: ["message-id": "\(name)"])
        let spool = spool
        let media = visit.media.id
        let trace = trace
        let begin: @Sendable () throws -> String = {
            trace.add(TraceEvent(.answered, envelope))
            return try spool.begin(envelope)
        }
        onDisk(begin) { result in
            switch result {
            case .success(let path): self.made(id, media, path)
            case .failure(let error):
                self.statistics.failures += 1
                self.logger.error("no message can be taken: \(error)")
                self.visits[id]?.purpose = .over
                self.visits[id]?.envelope = nil
                self.finishing[media]?.envelope = nil
                self.agent.end(id, reason: "SIP;cause=500;text=\"The spool is out of order\"")
                self.settle(media)
            }
        }
    }

    private func made(_ id: SessionID, _ media: MediaSessionID, _ path: String) {
        if visits[id] == nil {
            // The caller hung up meanwhile.
            finishing[media]?.path = path
            return settle(media)
        }
        visits[id]?.path = path
        if visits[id]?.wantsRecording == true { record(id) }
    }

    private func record(_ id: SessionID) {
        guard let visit = visits[id] else { return }
        guard let path = visit.path else {
            visits[id]?.wantsRecording = true
            return
        }
        visits[id]?.wantsRecording = false
        visits[id]?.isRecording = true
        visits[id]?.summary = nil
        note(visit, .recording, visit.parameters?.format.encodingName ?? "no codec")
        media.record(
            visit.media.id,
            RecordingParameters(
                path: "\(path)/\(Spool.audioFile)",
                maximumLength: visit.user.voicemail.maximumLength ?? configuration.maximumLength,
                maximumSilence: configuration.maximumSilence))
    }

    private func recorded(_ media: MediaSessionID, _ summary: RecordingSummary) {
        if case .failed(let cause) = summary.ending {
            statistics.failures += 1
            logger.error("a recording was cut off: \(cause)")
        }
        note(
            sessions[media].flatMap { visits[$0] } ?? finishing[media], .judged,
            "\(summary)")
        guard let id = sessions[media] else {
            finishing[media]?.isRecording = false
            finishing[media]?.summary = summary
            return settle(media)
        }
        visits[id]?.isRecording = false
        visits[id]?.summary = summary
        let ending: Envelope.Ending =
            switch summary.ending {
            case .stopped: .key
            case .maximumLength, .failed: .maximumLength
            case .silence: .silence
            case .mediaLost: .mediaLost
            }
        handle(id, .recorded(ending, hasSpeech: summary.verdict.kind == .speech))
    }

    // MARK: The end

    /// Puts the message of a call that is over where it belongs, as soon as all is known of it.
    func settle(_ media: MediaSessionID) {
        guard let visit = finishing[media] else { return }
        guard var envelope = visit.envelope else {
            finishing[media] = nil
            return
        }
        guard visit.path != nil, !visit.isRecording else { return }
        envelope.ended = .now
        envelope.ending = .hungUp
        if case .keep(let ending, let isUrgent)? = visit.outcome {
            envelope.ending = ending
            envelope.isUrgent = isUrgent
        }
        var reason: String?
        if let summary = visit.summary {
            envelope.sampleRate = summary.sampleRate
            envelope.samples = summary.samples
            envelope.speechBegin = summary.verdict.speech.lowerBound
            envelope.speechEnd = summary.verdict.speech.upperBound
            reason = MessageRule.obstacle(
                to: summary.verdict, rate: summary.sampleRate,
                minimumLength: configuration.minimumLength)
        } else {
            envelope.samples = 0
            reason = "nothing was said"
        }
        if case .forget? = visit.outcome, reason == nil { reason = "nothing was said" }
        finishing[media]?.envelope = nil
        put(envelope, media, discarding: reason)
    }

    private func put(
        _ envelope: Envelope, _ media: MediaSessionID, discarding reason: String?
    ) {
        let spool = spool
        let trace = trace
        let isTold = envelope.addressee.wantsMissedCalls
        let move: @Sendable () throws -> Void = {
            let length = Double(envelope.samples ?? 0) / Double(max(1, envelope.sampleRate))
            trace.add(
                TraceEvent(
                    .ended, envelope,
                    text: "\(envelope.ending?.rawValue ?? ""), \(Int(length.rounded())) s"))
            if let reason {
                try spool.discard(envelope, reason: reason)
                trace.add(TraceEvent(.discarded, envelope, text: reason))
                if isTold {
                    trace.add(TraceEvent(.queued, envelope, text: "as a missed call"))
                }
            } else {
                try spool.finish(envelope)
                trace.add(TraceEvent(.queued, envelope))
            }
        }
        onDisk(move) { result in
            self.finishing[media] = nil
            var logger = self.logger
            logger[metadataKey: "call-id"] = "\(envelope.callID)"
            logger[metadataKey: "message-id"] = "\(envelope.id)"
            switch result {
            case .success:
                if let reason {
                    self.statistics.discarded[reason, default: 0] += 1
                    let mail = isTold ? "only a missed call is told" : "no mail"
                    logger.info("\(mail) to \(envelope.addressee.user): \(reason)")
                } else {
                    self.statistics.messages += 1
                    logger.info("a message for \(envelope.addressee.user) is in the queue")
                }
            case .failure(let error):
                // What is on disk is found again at the next start.
                self.statistics.failures += 1
                logger.error("a message stays in recording/: \(error)")
            }
        }
    }
}
