internal import AudioLibrary
internal import MediaEngine

extension Configuration {
    /// The keys that differ and that a running appliance can't follow.
    func keysThatNeedRestart(_ other: Configuration) -> [String] {
        var keys: [String] = []
        if node != other.node { keys.append("node") }
        if anycast != other.anycast { keys.append("anycast") }
        if sip.listen != other.sip.listen { keys.append("sip.listen") }
        if sip.maximumCalls != other.sip.maximumCalls { keys.append("sip.max-calls") }
        if sip.sessionExpires != other.sip.sessionExpires { keys.append("sip.session-expires") }
        if sip.maximumMessage != other.sip.maximumMessage { keys.append("sip.max-message") }
        if rtp != other.rtp { keys.append("rtp") }
        if audio.cacheDirectory != other.audio.cacheDirectory { keys.append("media.cache") }
        if voicemail.spool != other.voicemail.spool { keys.append("voicemail.spool") }
        if directory != other.directory { keys.append("directory") }
        if admin != other.admin { keys.append("admin.listen") }
        if logLevel != other.logLevel { keys.append("log.level") }
        if logFormat != other.logFormat { keys.append("log.format") }
        return keys
    }
}
