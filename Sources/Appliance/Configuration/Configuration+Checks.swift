internal import AudioLibrary
internal import Glibc
internal import MediaEngine
internal import MusicOnHold
internal import Primitives
internal import SIP
internal import UserAgent
import Yams

/// What is looked at across keys, and on this host.
extension Configuration {
    /// Listeners that can't all be bound, or not on this host.
    func checkListeners(
        _ listeners: [(value: ListenAddress, mark: Mark?)], _ section: ConfigurationSection
    ) {
        for (index, (listen, mark)) in listeners.enumerated() {
            let isTaken = listeners[..<index].contains { $0.value == listen }
            if isTaken && listen.endpoint.port != 0 {
                section.faults.note(
                    mark, "sip.listen has \(listen) twice", "remove one of the two")
            }
            if !listen.endpoint.address.isUnspecified {
                warnUnlessOnThisHost(listen.endpoint.address, mark, section)
            }
            if node.address.isLoopback && !listen.endpoint.address.isLoopback {
                section.faults.warn(
                    mark, "phones that call \(listen) are told to send to \(node.address)",
                    "write the address by which they reach this host as node.address")
            }
        }
    }

    /// Ports of SIP within those of RTP, and too few of the latter.
    func checkPorts(_ section: ConfigurationSection) {
        for listen in sip.listen
        where listen.transport == .udp && rtp.ports.contains(listen.endpoint.port) {
            section.note(
                "ports",
                "rtp.ports \(rtp.ports.lowerBound)-\(rtp.ports.upperBound) holds the port of"
                    + " sip.listen \(listen)", "move one of the two")
        }
        if rtp.ports.count < 100 {
            section.warn(
                "ports", "rtp.ports has only \(rtp.ports.count) ports",
                "give 100 or more: recordings, groups and phones behind NAT take a pair each")
        }
    }

    func checkAdmin(_ section: ConfigurationSection) {
        guard let admin else { return }
        let mark = section.mark(of: "listen")
        for listen in sip.listen
        where listen.transport == .tcp && listen.endpoint.collides(with: admin) {
            section.faults.note(
                mark, "admin.listen \(admin) is the port of sip.listen \(listen)",
                "move one of the two")
        }
        if !admin.address.isUnspecified { warnUnlessOnThisHost(admin.address, mark, section) }
        if !admin.address.isLoopback {
            section.faults.warn(
                mark, "admin.listen \(admin) tells strangers who calls, and asks for no password",
                "write 127.0.0.1, or keep others from the port")
        }
    }

    /// Binds a socket there: the kernel knows best, and `ip_nonlocal_bind` counts.
    func warnUnlessOnThisHost(
        _ address: IPAddress, _ mark: Mark?, _ section: ConfigurationSection
    ) {
        // A link-local address means nothing without its interface.
        guard !address.isUnspecified, !address.isMulticast, !address.isLinkLocal,
            !address.isOnThisHost
        else { return }
        section.faults.warn(
            mark ?? section.mark, "\(address) is not an address of this host",
            "see `ip address` for those that are, or add it: ip address add \(address)/"
                + "\(address.isIPv6 ? 128 : 32) dev lo")
    }

    func warnOfOpenNetworks(
        _ networks: [(value: IPNetwork, mark: Mark?)], _ section: ConfigurationSection
    ) {
        for (network, mark) in networks where network.prefixLength == 0 {
            section.faults.warn(
                mark, "\(network) lets anybody turn the music on anybody",
                "name the networks that your phones are in")
        }
    }

    func warnUnlessInterface(_ name: String?, _ section: ConfigurationSection) {
        guard let name, if_nametoindex(name) == 0 else { return }
        section.warn(
            "interface", "interface '\(name)' is not there",
            "see `ip link` for those that are; the group is not sent before it is")
    }

    /// Two streams in one group can't be told apart by who hears them.
    func noteIfTaken(
        _ group: MulticastParameters, beside others: [MulticastParameters],
        _ section: ConfigurationSection
    ) {
        let known = others + music.classes.values.flatMap(\.multicast)
        if let other = known.first(where: { other in
            other.group == group.group
                && (other.interface == group.interface || other.interface == nil
                    || group.interface == nil)
        }) {
            section.note(
                "group", "\(group.group) is taken by class \(other.classID)",
                "give each class and codec a group or port of its own")
        } else if others.contains(where: {
            $0.format == group.format && $0.interface == group.interface
        }) {
            section.note(
                "codec", "\(section.path) has two groups of the codec \(group.format)",
                "one group for each codec is enough")
        }
    }

    func warnOfMissingClasses(_ section: ConfigurationSection) {
        let classes = MediaSurvey.classes(self)
        let name = music.defaultClass
        if section.isGiven("default-class"), music.classes[name] == nil,
            !MediaSurvey.hasFolder(name, self)
        {
            section.warn(
                "default-class",
                "class '\(name)' has neither a folder nor an entry, so a soft tone is heard",
                "mkdir '\(audio.mediaDirectory)/\(name)' and put music there, or name another")
        }
        for (number, name) in music.called where !classes.contains(name) {
            section.warn(
                "called", of: number, "class '\(name)' has neither a folder nor an entry",
                "mkdir '\(audio.mediaDirectory)/\(name)'")
        }
        for name in classes.sorted()
        where !name.hasPrefix("users/") && ConfigurationValue<String>.name.parse(name) == nil {
            section.faults.warn(
                section.mark,
                "the folder '\(audio.mediaDirectory)/\(name)' has a name that must be"
                    + " escaped to be dialled",
                "rename it: letters, digits, '-', '_' and '.' need no escape")
        }
    }

    /// A file that is named may come later: it is heard from then on.
    func warnOfMissingFiles(
        of name: String, _ sound: ClassConfiguration, _ section: ConfigurationSection
    ) {
        func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }
        let folder = "\(audio.mediaDirectory)/\(name)"
        let isDefault = name == audio.defaultClass
        if case .file(let file) = sound.order, !isThere("\(folder)/\(file)"),
            !(isDefault && isThere("\(audio.mediaDirectory)/\(file)"))
        {
            section.warn(
                "file", "'\(folder)/\(file)' is not there", "copy it there, or name another")
        }
        if let file = sound.announcement?.file, !isThere("\(folder)/\(file)"),
            !isThere("\(audio.mediaDirectory)/\(file)")
        {
            section.warn(
                "announcement",
                "'\(file)' is neither in '\(folder)' nor in"
                    + " '\(audio.mediaDirectory)'", "copy it there, or name another")
        }
    }
}

extension IPAddress {
    /// Whether a socket can be bound to it.
    fileprivate var isOnThisHost: Bool {
        do throws(MediaEngineError) {
            _ = try UDPSocket(Endpoint(self, port: 0), dscp: 0, bufferOctets: 4096)
            return true
        } catch {
            guard case .system(_, let code, _) = error else { return true }
            return code != EADDRNOTAVAIL
        }
    }
}
