import Glibc
internal import Logging
internal import Mail
internal import Primitives
internal import Spool

/// The words of a message, before its mail is made.
extension Delivery {
    /// Has the operator's command write down what was said. The mail goes on in any case, and the
    /// trace says what came of it.
    ///
    /// - Parameters:
    ///   - due: since when the message waits; one that waited too long goes without.
    ///   - isWanted: whether the mailer goes on: else nothing is written, and the next start tries
    ///     again.
    func transcribe(
        since due: WallClockTime, while isWanted: () -> Bool
    ) throws(SpoolError) -> Report {
        guard let settings = context.settings.transcription, context.wantsTranscript(directory)
        else { return next() }
        let begin = WallClockTime.now
        var transcript = Transcript(at: begin)
        if begin - due > settings.timeLimit {
            transcript.failure = "too many messages wait for a transcript"
        } else {
            do throws(ShellCommand.Failure) {
                transcript.text = try words(settings, isWanted)
            } catch {
                transcript.failure = "\(error)"
            }
        }
        guard isWanted() else { return next() }
        transcript.at = .now
        try context.spool.write(transcript, in: directory)
        let seconds = Int((transcript.at - begin).seconds.rounded())
        let result =
            transcript.failure.map { "no transcript: \($0)" }
            ?? "\(transcript.text?.utf8.count ?? 0) octets in \(seconds) s"
        if transcript.failure != nil {
            context.logger.warning("message \(envelope.id): \(result)")
        }
        context.trace.add(TraceEvent(.transcribed, envelope, text: result))
        return next()
    }

    private func next() -> Report {
        Report(retry: DeliveryPlan.next(of: record) ?? (.now, .nothing), relay: .untried)
    }

    private func words(
        _ settings: Transcription, _ isWanted: () -> Bool
    ) throws(ShellCommand.Failure) -> String? {
        let input = try recording()
        defer { close(input) }
        // Letters, digits and hyphens: nothing that a shell reads as more than a word.
        let language = envelope.addressee.language.filter {
            $0 == "-" || $0.isASCII && ($0.isLetter || $0.isNumber)
        }
        var command = ShellCommand(
            command: "export INTERMEZZO_LANGUAGE=\(language)\n"
                + settings.command, timeLimit: settings.timeLimit)
        command.input = input
        command.isBackground = true
        let text = VisibleText.block(
            String(decoding: try command.run(while: isWanted), as: UTF8.self))
        return text.isEmpty ? nil : text
    }

    /// The recording as a WAV file of 16 kHz that has no name any more: a program may seek in it.
    private func recording() throws(ShellCommand.Failure) -> Int32 {
        let octets: [UInt8]
        do throws(MailError) {
            let encoder = try AttachmentEncoder(
                path: "\(directory.path)/\(Spool.audioFile)", speech: envelope.speech)
            octets = try encoder.wave(rate: 16_000)
        } catch {
            throw .init(description: "\(error)")
        }
        let path = "\(context.spool.directory)/\(Spool.trash)/transcript-\(envelope.id)"
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        unlink(path)
        var written = 0
        while written < octets.count {
            let count = octets[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let failure = failure()
                close(file)
                throw failure
            }
            written += count
        }
        lseek(file, 0, SEEK_SET)
        return file
    }

    private func failure() -> ShellCommand.Failure {
        .init(description: "its recording can't be written: \(String(cString: strerror(errno)))")
    }
}
