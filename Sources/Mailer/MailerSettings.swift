package import Mail
package import Primitives

/// What the mailer is to do.
package struct MailerSettings: Sendable, Equatable {
    /// Our name in EHLO.
    package var helloName: String
    /// None: everything goes to ``maildir``.
    package var relays: [RelaySettings] = []
    /// Directory with a Maildir per user, for users without addresses and where there is no relay.
    package var maildir = "var/mail"
    /// Gets what can't be delivered.
    package var postmaster: String
    package var backOff = BackOff()
    /// Age of a message at which a failed delivery is the last.
    package var givesUpAfter: Interval = .seconds(5 * 86_400)
    /// Age of the oldest undelivered message that is an alarm.
    package var alarmAfter: Interval = .seconds(600)
    /// How long a delivered or discarded message is kept; zero: no time at all.
    package var keepsFor: Interval = .seconds(7 * 86_400)
    /// How long the steps of each message can be asked for.
    package var tracesFor: Interval = .seconds(90 * 86_400)
    /// Octets of all these steps.
    package var maximumTraceSize = 1 << 30
    package var webhookTimeout: Interval = .seconds(10)
    /// File with the key that signs what webhooks are told; nil: unsigned.
    package var webhookKeyFile: String?
    /// Makes links to recordings; nil: there are none.
    package var links: LinkSigner?
    package var transcription: Transcription?

    package init(helloName: String, postmaster: String) {
        self.helloName = helloName
        self.postmaster = postmaster
    }
}

/// How what was said is written down.
package struct Transcription: Sendable, Equatable {
    /// For a shell: it reads a WAV file (16 kHz, one channel, 16 bits) and prints the words.
    package var command: String
    /// How long a message waits for its turn, and how long the command may take.
    package var timeLimit: Interval
    /// Commands at once.
    package var parallel: Int

    package init(command: String, timeLimit: Interval, parallel: Int) {
        self.command = command
        self.timeLimit = timeLimit
        self.parallel = parallel
    }
}
