internal import AudioLibrary
import Foundation
internal import Glibc
internal import MediaEngine
internal import MusicOnHold
internal import Playout
internal import Primitives
internal import SIP
internal import UserAgent
import Yams

extension Configuration {
    /// Reads and checks a file.
    ///
    /// Throws every fault that is in it, with the line and column of each. Relative paths are taken
    /// from the directory that the process runs in.
    package init(contentsOf file: String) throws(ConfigurationFaults) {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            let cause =
                access(file, R_OK) == 0 ? "it is no UTF-8 text" : String(cString: strerror(errno))
            throw ConfigurationFaults([
                .init(
                    file: file, line: 0, column: 0, what: "the file can't be read: \(cause)",
                    remedy: "name another with --config, or let this user read it")
            ])
        }
        try self.init(text: text, file: file)
    }

    /// - Parameter file: named in faults.
    package init(text: String, file: String) throws(ConfigurationFaults) {
        let faults = ConfigurationSection.Faults(file: file)
        let root: Yams.Node?
        do {
            root = try compose(hidingRepeatedKeysOf: text, faults)
        } catch {
            throw ConfigurationFaults([ConfigurationFault(error, file: file)])
        }
        let top = ConfigurationSection(root, path: "", faults: faults)
        self.init(file: file, audio: .init(mediaDirectory: "Media", cacheDirectory: "var/cache"))
        site = top.value("site", .name, default: site)
        domain = top.value("domain", .name, default: domain)
        readNode(top.section("node"), top.section("anycast"))
        readSIP(top.section("sip"))
        readRTP(top.section("rtp"))
        readMedia(top.section("media"))
        readMusic(top.section("music"), top.section("multicast"))
        readAdmin(top.section("admin"), top.section("log"))
        readVoicemail(top.section("voicemail"))
        readMail(top.section("mail"))
        readDirectory(top.section("directory"))
        readLocation(top.section("location"))
        top.finish()
        guard faults.all.isEmpty else { throw ConfigurationFaults(faults.all) }
        warnings = ConfigurationFaults(faults.warnings).faults
    }

    private mutating func readNode(_ section: ConfigurationSection, _ any: ConfigurationSection) {
        node.name = section.value("name", .name, default: node.name)
        node.address = section.value("address", .address, default: node.address)
        if node.address.isUnspecified || node.address.isMulticast {
            section.note(
                "address", "node.address \(node.address) is not a unicast address",
                "write the address by which phones reach this host alone")
        }
        warnUnlessOnThisHost(node.address, section.mark(of: "address"), section)
        section.finish()
        anycast.address = any.value("address", .address)
        anycast.interface = any.value("interface", .text, default: anycast.interface)
        if anycast.address == node.address {
            any.note(
                "address", "anycast.address is node.address",
                "write an address that other nodes advertise too, or null")
        }
        any.finish()
    }

    private mutating func readSIP(_ section: ConfigurationSection) {
        let listen = ConfigurationValue<ListenAddress>(
            "a transport, address and port", example: "udp:127.0.0.1:5060"
        ) { text in
            ListenAddress(text).flatMap { $0.transport == .tls ? nil : $0 }
        }
        let faultsBefore = section.faults.all.count
        let listeners = section.markedList("listen", listen)
        sip.listen =
            listeners?.map(\.value) ?? [
                .init(.udp, .init(node.address, port: 5060)),
                .init(.tcp, .init(node.address, port: 5060)),
            ]
        checkListeners(listeners ?? [], section)
        if sip.listen.isEmpty && section.faults.all.count == faultsBefore {
            section.note(
                "listen", "sip.listen is empty",
                "write at least one address, such as udp:127.0.0.1:5060")
        }
        sip.redirects = section.value(
            "redirect", .oneOf(["always": true, "never": false]), default: sip.redirects)
        sip.maximumCalls = section.value(
            "max-calls", .number(0...1_000_000), default: sip.maximumCalls)
        sip.retryAfter = section.value("retry-after", .number(1...3600), default: sip.retryAfter)
        let expiry: ClosedRange<Interval> = .seconds(90) ... .seconds(86_400)
        sip.sessionExpires = section.value(
            "session-expires", .duration(expiry), default: sip.sessionExpires)
        sip.minimumSessionExpires = section.value(
            "min-session-expires", .duration(expiry), default: sip.minimumSessionExpires)
        if sip.sessionExpires < sip.minimumSessionExpires {
            section.note(
                "session-expires", "sip.session-expires is below sip.min-session-expires",
                "raise the one or lower the other")
        }
        sip.maximumMessage = section.value(
            "max-message", .octets(1_000...1 << 20), default: sip.maximumMessage)
        let wait: ClosedRange<Interval> = .seconds(1) ... .seconds(86_400)
        sip.limits.idleTime = section.value(
            "idle-time", .duration(wait), default: sip.limits.idleTime)
        sip.limits.messageTime = section.value(
            "message-time", .duration(wait), default: sip.limits.messageTime)
        sip.limits.maximumConnections = section.value(
            "max-connections", .number(1...100_000), default: sip.limits.maximumConnections)
        sip.limits.maximumConnectionsPerAddress = section.value(
            "max-connections-per-address", .number(1...100_000),
            default: sip.limits.maximumConnectionsPerAddress)
        sip.drain = section.value(
            "drain", .duration(.seconds(0) ... .seconds(3600)), default: sip.drain)
        let trusted = section.markedList("trusted-networks", .network) ?? []
        sip.trustedNetworks = trusted.map(\.value)
        for (network, mark) in trusted where network.prefixLength == 0 {
            section.faults.warn(
                mark, "\(network) lets every caller name another as himself",
                "name the proxies and gateways that check who calls")
        }
        section.finish()
    }

    private mutating func readRTP(_ section: ConfigurationSection) {
        rtp.ports = section.value("ports", .ports, default: rtp.ports)
        let threads = ConfigurationValue<Int>("auto or a number from 1 to 64", example: "auto") {
            $0 == "auto" ? 0 : Int($0).flatMap { (1...64).contains($0) ? $0 : nil }
        }
        checkPorts(section)
        rtp.threads = section.value("threads", threads).flatMap { $0 == 0 ? nil : $0 }
        let dscp = ConfigurationValue<Int>(
            "ef, a class such as af41 or cs5, or a number from 0 to 63", example: "ef"
        ) {
            Configuration.codePoints[$0] ?? Int($0).flatMap { (0...63).contains($0) ? $0 : nil }
        }
        rtp.dscp = UInt8(truncatingIfNeeded: section.value("dscp", dscp, default: Int(rtp.dscp)))
        rtp.maximumStreams = section.value(
            "max-streams", .number(1...200_000), default: rtp.maximumStreams)
        rtp.realTimePriority = section.value("priority", .number(0...99), default: 50)
        if rtp.realTimePriority == 0 { rtp.realTimePriority = nil }
        rtp.usesPacketRing = section.value("packet-ring", .flag, default: rtp.usesPacketRing)
        rtp.cname = "intermezzo@\(node.address)"
        rtp.siteSeed = fnv1a("\(site).\(domain)")
        let allowed = section.markedList("allowed-networks", .network)
        music.allowedNetworks =
            allowed?.map(\.value) ?? IPNetwork.privateNetworks + IPNetwork.ofInterfaces
        warnOfOpenNetworks(allowed ?? [], section)
        music.symmetricNetworks = section.list("symmetric-networks", .network, default: [])
        music.proofTime = section.value(
            "proof-time", .duration(.seconds(1) ... .seconds(60)), default: music.proofTime)
        rtp.unprovenPacketsPerSecond = section.value(
            "unproven-rate", .number(1...50), default: rtp.unprovenPacketsPerSecond)
        music.rtcpSilence = section.value(
            "rtcp-silence", .duration(.seconds(15) ... .seconds(86_400)), default: music.rtcpSilence
        )
        section.finish()
    }

    /// RFC 4594 §2.3.
    private static let codePoints: [String: Int] = {
        var points = ["ef": 46, "be": 0, "va": 44]
        for c in 1...7 { points["cs\(c)"] = c * 8 }
        for c in 1...4 { for d in 1...3 { points["af\(c)\(d)"] = c * 8 + d * 2 } }
        return points
    }()

    private mutating func readMedia(_ section: ConfigurationSection) {
        audio.mediaDirectory = section.value("directory", .text, default: audio.mediaDirectory)
        section.warnUnlessDirectory(
            audio.mediaDirectory, "directory",
            remedy: "make it and put music there, or start in the directory that it is in")
        audio.cacheDirectory = section.value("cache", .text, default: audio.cacheDirectory)
        audio.loudness = section.value("loudness", .real(-70 ... -5), default: audio.loudness)
        audio.truePeakLimit = section.value(
            "true-peak", .real(-20...0), default: audio.truePeakLimit)
        let usual: [[MediaFormat]] = [
            [.opusMono, .opusStereo], [.g722], [.pcmu], [.pcma], [.l16At16000, .l16At8000],
        ]
        var formats: [MediaFormat] = []
        for format in section.list(
            "codecs", ConfigurationValue<[MediaFormat]>.codec, default: usual
        ).joined()
        where !formats.contains(format) {
            formats.append(format)
        }
        if formats.isEmpty {
            section.note(
                "codecs", "media.codecs is empty",
                "list at least one of pcmu, pcma, g722, opus, l16")
        }
        audio.formats = formats
        music.formats = formats
        audio.pollInterval = section.value(
            "poll-interval", .duration(.milliseconds(100) ... .seconds(3600)),
            default: audio.pollInterval)
        section.finish()
    }

    private mutating func readMusic(
        _ section: ConfigurationSection, _ multicast: ConfigurationSection
    ) {
        music.defaultClass = section.value("default-class", .name, default: music.defaultClass)
        audio.defaultClass = music.defaultClass
        if !section.namedValues("users", .text).isEmpty {
            section.note(
                "users", "'music.users' has moved to the users' profiles",
                "remove it, and say `intermezzo users set NAME --music CLASS`")
        }
        music.called = section.namedValues("called", .name)
        for (name, settings) in section.namedSections("classes") {
            if ConfigurationValue<String>.name.parse(name) == nil
                || ["users", "greetings", "prompts"].contains(name)
            {
                settings.faults.note(
                    settings.mark, "'\(name)' can't be the name of a class",
                    "use letters, digits, '-' and '_', and not users, greetings or prompts")
            }
            readClass(name, settings)
        }
        warnOfMissingClasses(section)
        if music.classes.isEmpty {
            music.classes["default"] = .init()
            audio.classes["default"] = .init()
        }
        music.addresses = [node.address]
        for listen in sip.listen {
            let address = listen.endpoint.address
            if !address.isUnspecified && address != anycast.address
                && !music.addresses.contains(address)
            {
                music.addresses.append(address)
            }
        }
        music.anycast = Set([anycast.address].compactMap(\.self))
        music.redirects = sip.redirects
        music.retryAfter = sip.retryAfter
        section.finish()
        music.multicastNetworks = multicast.list("networks", .network, default: [])
        multicast.finish()
    }

    private mutating func readClass(_ name: String, _ section: ConfigurationSection) {
        var sound = ClassConfiguration()
        let file = section.value("file", .text)
        enum Order { case shuffle, alphabetical, file }
        switch section.value(
            "order",
            .oneOf(["shuffle": Order.shuffle, "alphabetical": .alphabetical, "file": .file]),
            default: file == nil ? .shuffle : .file)
        {
        case .shuffle: sound.order = .shuffle
        case .alphabetical: sound.order = .alphabetical
        case .file:
            if let file {
                sound.order = .file(file)
            } else {
                section.note(
                    "order", "\(section.path).order is 'file' but no file is named",
                    "add file: NAME")
            }
        }
        if let announcement = section.optionalSection("announcement") {
            if let file = announcement.value("file", .text) {
                sound.announcement = .init(
                    file: file,
                    every: announcement.value("every", .announcement, default: .seconds(60)))
            } else {
                announcement.note("file", "\(announcement.path) names no file", "add file: NAME")
            }
            announcement.finish()
        }
        sound.volume = section.value("volume", .real(-40...20), default: sound.volume)
        if let source = section.value("source", .text) {
            if source.hasPrefix("pipe:") && source.count > 5 {
                sound.source = source
            } else {
                section.note(
                    "source", "\(section.path).source '\(source)' is unknown", "write pipe:COMMAND")
            }
        }
        warnOfMissingFiles(of: name, sound, section)
        audio.classes[name] = sound

        var played = MusicOnHoldConfiguration.Class()
        enum Start { case live, beginning, resume }
        let keep = section.value(
            "resume-for", .duration(.seconds(1) ... .seconds(86_400)), default: .seconds(600))
        switch section.value(
            "start", .oneOf(["live": Start.live, "beginning": .beginning, "resume": .resume]),
            default: .live)
        {
        case .live: played.start = .live
        case .beginning: played.start = .beginning
        case .resume: played.start = .resume(keep: keep)
        }
        if sound.source != nil, played.start != .live {
            section.note(
                "start", "\(section.path).start is not live, but a source has no beginning",
                "leave start out, or the source")
        }
        for group in section.sections("multicast", takesOne: true) {
            readGroup(of: name, group, &played.multicast)
        }
        music.classes[name] = played
        section.finish()
    }

    private func readGroup(
        of name: String, _ section: ConfigurationSection, _ groups: inout [MulticastParameters]
    ) {
        let address = section.value("group", .address)
        let port = section.value("port", .number(1...65_535), default: 21_000)
        let ttl = section.value("ttl", .number(1...255), default: 8)
        let interface = section.value("interface", .text)
        let formats = section.value(
            "codec", ConfigurationValue<[MediaFormat]>.codec, default: [.pcmu])
        let packetTime = section.value(
            "packet-time", .oneOf(["10": 10, "20": 20, "30": 30, "40": 40, "60": 60]), default: 20)
        let loop = section.value("loop", .flag, default: true)
        section.finish()
        guard let address else {
            section.note(
                "group", "\(section.path) names no group", "add group: an address of 239.0.0.0/8")
            return
        }
        if !address.isMulticast {
            section.note(
                "group", "\(address) is not a multicast address",
                "use one of 239.0.0.0/8 or ff00::/8")
        }
        if port % 2 != 0 {
            section.note(
                "port", "port \(port) is odd", "use an even port; RTCP takes the odd one above")
        }
        guard let format = formats.first, address.isMulticast, port % 2 == 0 else { return }
        warnUnlessInterface(interface, section)
        if !audio.formats.contains(format) {
            section.note("codec", "its codec is not in media.codecs", "add it there")
            return
        }
        let group = MulticastParameters(
            classID: ClassID(name), format: format, payloadType: format.multicastPayloadType,
            packetTime: packetTime,
            group: Endpoint(address, port: UInt16(truncatingIfNeeded: port)), local: node.address,
            interface: interface, ttl: UInt8(truncatingIfNeeded: ttl), loop: loop)
        noteIfTaken(group, beside: groups, section)
        groups.append(group)
    }

    private mutating func readAdmin(_ section: ConfigurationSection, _ log: ConfigurationSection) {
        admin = section.value(
            "listen", .endpointOrOff, default: Endpoint(.loopbackV4, port: 8080))
        checkAdmin(section)
        section.finish()
        logLevel = log.value(
            "level",
            .oneOf([
                "trace": "trace", "debug": "debug", "info": "info", "notice": "notice",
                "warning": "warning", "error": "error",
            ]), default: logLevel)
        logFormat = log.value(
            "format",
            .oneOf(["auto": .auto, "text": .text, "json": .json, "journald": LogFormat.journald]),
            default: logFormat)
        log.finish()
    }
}

extension MediaFormat {
    /// What a group is sent as: static numbers where RFC 3551 §6 has them.
    fileprivate var multicastPayloadType: UInt8 {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        case .g722: 9
        case .l16At44100: 11
        case .opusMono, .opusStereo: 107
        case .l16At8000, .l16At16000, .l16At48000: 96
        }
    }
}

extension ConfigurationValue where Value == ClassConfiguration.Announcement.Interval {
    /// `60s`, or `3 tracks`.
    fileprivate static var announcement: Self {
        Self("a duration or a number of tracks", example: "60s or 3 tracks") { text in
            let words = text.split(separator: " ")
            if words.count == 2, words[1] == "tracks" || words[1] == "track" {
                return Int(words[0]).flatMap { (1...10_000).contains($0) ? .tracks($0) : nil }
            }
            let duration = ConfigurationValue<Interval>.duration(.seconds(1) ... .seconds(86_400))
            return duration.parse(text).map { .seconds(Int($0.seconds)) }
        }
    }
}

extension ConfigurationFault {
    /// A text that isn't YAML.
    fileprivate init(_ error: any Error, file: String) {
        var mark: Mark?
        var what = "\(error)"
        // libyaml's words for a tab that indents.
        var isTab = false
        switch error as? YamlError {
        case .scanner(_, let problem, let at, _), .parser(_, let problem, let at, _),
            .composer(_, let problem, let at, _):
            mark = at
            what = problem
            isTab = problem.contains("cannot start any token")
        default:
            break
        }
        self.init(
            file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, what: what,
            remedy: isTab
                ? "mend the YAML there: indent with blanks, not tabs, and quote @ and `"
                : "mend the YAML there")
    }
}

/// Fowler, Noll and Vo's 64-bit hash 1a: the same number on every node.
func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
