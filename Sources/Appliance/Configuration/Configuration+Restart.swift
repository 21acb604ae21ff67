internal import AudioLibrary
internal import MediaEngine

extension Configuration {
    /// The keys that differ and that a running appliance can't follow.
    func keysThatNeedRestart(_ other: Configuration) -> [String] {
        var keys: [String] = []
        if site != other.site { keys.append("site") }
        if domain != other.domain { keys.append("domain") }
        if node != other.node { keys.append("node") }
        if anycast != other.anycast { keys.append("anycast") }
        if sip.listen != other.sip.listen { keys.append("sip.listen") }
        if sip.maximumMessage != other.sip.maximumMessage { keys.append("sip.max-message") }
        if rtp.ports != other.rtp.ports { keys.append("rtp.ports") }
        if rtp.threads != other.rtp.threads { keys.append("rtp.threads") }
        if rtp.usesPacketRing != other.rtp.usesPacketRing { keys.append("rtp.packet-ring") }
        if rtp.realTimePriority != other.rtp.realTimePriority { keys.append("rtp.priority") }
        if rtp.unprovenPacketsPerSecond != other.rtp.unprovenPacketsPerSecond {
            keys.append("rtp.unproven-rate")
        }
        // The tables of the sending threads are made for so many.
        if other.rtp.maximumStreams > rtp.maximumStreams { keys.append("rtp.max-streams") }
        if audio.cacheDirectory != other.audio.cacheDirectory { keys.append("media.cache") }
        if voicemail.spool != other.voicemail.spool { keys.append("voicemail.spool") }
        if voicemail.maximumRecordings != other.voicemail.maximumRecordings {
            keys.append("voicemail.max-recordings")
        }
        if voicemail.link?.listen != other.voicemail.link?.listen {
            keys.append("voicemail.link.listen")
        }
        if directory != other.directory { keys.append("directory") }
        if admin != other.admin { keys.append("admin.listen") }
        if logFormat != other.logFormat { keys.append("log.format") }
        return keys
    }
}
