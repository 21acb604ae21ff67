import Appliance
import Foundation
import MediaEngine
import MusicOnHold
import Primitives
import Testing

@Suite struct ConfigurationTests {
    /// A fault of each kind, with its place.
    @Test(arguments: [
        ("site: [a]", "F:1:7: 'site' is not a single value; write main"),
        ("sip: 5", "F:1:6: 'sip' is not a section; write keys below it, indented"),
        ("mail: {relays: x}", "F:1:16: 'mail.relays' is not a list; write entries"),
        ("musik: {}", "F:1:1: key 'musik' is unknown; the nearest known key is 'music'"),
        (
            "sip: {max-calls: many}",
            "F:1:18: sip.max-calls 'many' is not a number from 0 to 1000000; write 10000, which"
        ),
        ("sip: {max-calls: 1000001}", "F:1:18: sip.max-calls '1000001' is not a number"),
        ("sip: {idle-time: 10}", "F:1:18: sip.idle-time '10' is not a duration from 1s to 1d"),
        ("sip: {max-message: 99999999999999999999k}", "F:1:20: sip.max-message"),
        ("sip: {listen: ['udp:1.2.3.4']}", "F:1:16: sip.listen 'udp:1.2.3.4' is not a transport"),
        ("sip: {listen: []}", "F:1:15: sip.listen is empty"),
        (
            "sip: {listen: ['udp:127.0.0.1:5060', 'udp:127.0.0.1:5060']}",
            "F:1:38: sip.listen has udp:127.0.0.1:5060 twice"
        ),
        (
            "sip: {session-expires: 100s, min-session-expires: 200s}",
            "F:1:24: sip.session-expires is below"
        ),
        (
            "sip: {trusted-networks: [10.0.0.0/33]}",
            "F:1:26: sip.trusted-networks '10.0.0.0/33' is not a network"
        ),
        ("rtp: {ports: 5-3}", "F:1:14: rtp.ports '5-3' is not a range of ports"),
        ("rtp: {dscp: 64}", "F:1:13: rtp.dscp '64' is not ef"),
        (
            "sip: {listen: ['udp:127.0.0.1:20000']}\nrtp: {ports: 16384-32767}",
            "F:2:14: rtp.ports 16384-32767 holds the port of sip.listen"
        ),
        (
            "sip: {listen: ['tcp:127.0.0.1:8080']}\nadmin: {listen: 127.0.0.1:8080}",
            "F:2:17: admin.listen 127.0.0.1:8080 is the port of sip.listen"
        ),
        ("node: {address: 239.1.1.1}", "F:1:17: node.address 239.1.1.1 is not a unicast address"),
        ("media: {codecs: []}", "F:1:17: media.codecs is empty"),
        ("media: {loudness: loud}", "F:1:19: media.loudness 'loud' is not a number from -70.0"),
        ("music: {classes: {users: {}}}", "F:1:26: 'users' can't be the name of a class"),
        ("music: {classes: {a b: {}}}", "F:1:24: 'a b' can't be the name of a class"),
        ("music: {classes: {a: {order: file}}}", "F:1:30: music.classes.a.order is 'file' but"),
        ("log: {level: loud}", "F:1:14: log.level 'loud' is not one of trace, debug, info"),
        ("site: a\nsite: b", "F:1:1: key 'site' stands twice; remove one of the two"),
        ("'site': a\n\"site\": b", "F:1:1: key 'site' stands twice"),
        ("a: [", "F:"),
        ("- a", "F:1:1: '' is not a section"),
    ]) func faultsSayWhatAndWhere(_ text: String, _ fault: String) {
        let found = faults(text)
        #expect(found.count == 1 && found[0].hasPrefix(fault), "\(found)")
    }

    @Test func everyFaultIsFoundAtOnce() {
        let text = """
            site: x
            musik: {}
            sip:
              max-calls: many
              max-calls: 5
              listen: ["udp:1.2.3.4"]
            rtp: {ports: 5-3, thread: 1}
            site: y
            """
        #expect(
            faults(text).map { $0.split(separator: " ").first.map(String.init) } == [
                "F:1:1:", "F:2:1:", "F:4:3:", "F:6:12:", "F:7:14:", "F:7:19:",
            ])
    }

    @Test func aFileThatIsNotThereIsAFault() {
        #expect(throws: ConfigurationFaults.self) {
            try Configuration(contentsOf: "/nonexistent/intermezzo.yaml")
        }
    }

    @Test func remediesEndEveryFault() {
        for fault in faults("musik: 1\nrtp: {ports: x}\nsip: []") {
            #expect(fault.contains("; "))
        }
    }
}

@Suite struct ConfigurationWarningTests {
    @Test(arguments: [
        (
            "node: {address: 198.51.100.1}",
            "F:1:17: warning: 198.51.100.1 is not an address of this"
        ),
        (
            "sip: {listen: ['udp:198.51.100.1:5060']}\nnode: {address: 127.0.0.1}",
            "F:1:16: warning: 198.51.100.1 is not an address of this host"
        ),
        (
            "sip: {listen: ['udp:0.0.0.0:5060']}",
            "F:1:16: warning: phones that call udp:0.0.0.0:5060 are told to send to 127.0.0.1"
        ),
        ("rtp: {ports: 20000-20003}", "F:1:14: warning: rtp.ports has only 4 ports"),
        ("sip: {trusted-networks: ['::/0']}", "F:1:26: warning: ::/0 lets every caller name"),
        ("rtp: {allowed-networks: [0.0.0.0/0]}", "F:1:26: warning: 0.0.0.0/0 lets anybody"),
        (
            "media: {directory: /nonexistent}",
            "F:1:20: warning: media.directory '/nonexistent' can't"
        ),
        ("admin: {listen: '0.0.0.0:8080'}", "F:1:17: warning: admin.listen 0.0.0.0:8080 tells"),
        (
            "music: {called: {'+1': nobody}}",
            "F:1:24: warning: class 'nobody' has neither a folder nor an entry"
        ),
        (
            "music: {classes: {a: {announcement: {file: none.wav}}}}",
            "F:1:37: warning: 'none.wav' is neither in "
        ),
        ("music: {classes: {a: {file: none.wav}}}", "F:1:29: warning: '"),
        (
            "music: {classes: {a: {multicast: {group: 239.1.1.1, interface: none0}}}}",
            "F:1:64: warning: interface 'none0' is not there"
        ),
        ("mail: {relays: [{url: 'smtp://h'}]}", "F:1:16: warning: mail.from is still"),
        (
            "mail: {from: voicemail@example.com, relays: [{url: 'smtp://h'}]}",
            "F:1:45: warning: mail.from is still"
        ),
        (
            "mail: {from: v@example.org, postmaster: postmaster@example.com}",
            "F:1:41: warning: mail.postmaster is still"
        ),
        ("music: {default-class: gone}", "F:1:24: warning: class 'gone' has neither"),
    ]) func whatIsHardlyMeantIsAWarning(_ text: String, _ warning: String) throws {
        // The directory that tests run in has no Media.
        let media = FileManager.default.temporaryDirectory.path
        let text = text.contains("directory") ? text : text + "\nmedia: {directory: \(media)}"
        let found = try warnings(text)
        #expect(found.contains { $0.hasPrefix(warning) }, "\(found)")
    }

    @Test func theAddressesOfThisHostAreNoWarning() throws {
        let media = FileManager.default.temporaryDirectory.path
        let text = """
            media: {directory: \(media)}
            node: {address: 127.0.0.9}
            sip: {listen: ["udp:127.0.0.9:5060", "udp:[::1]:5060"]}
            """
        #expect(try warnings(text).filter { $0.contains("of this host") } == [])
    }
}

@Suite struct MulticastConfigurationTests {
    private func groups(_ text: String) throws -> [String] {
        try Configuration(text: "music: {classes: {a: {multicast: \(text)}}}", file: "F")
            .music.classes["a"]?.multicast.map { "\($0.group) \($0.format)" } ?? []
    }

    @Test func aClassHasAGroupForEachCodec() throws {
        #expect(try groups("{group: 239.1.1.1}") == ["239.1.1.1:21000 pcmu"])
        #expect(
            try groups("[{group: 239.1.1.1}, {group: 239.1.1.2, codec: g722}]") == [
                "239.1.1.1:21000 pcmu", "239.1.1.2:21000 g722",
            ])
        #expect(try groups("null") == [])
    }

    @Test(arguments: [
        ("{port: 4000}", "names no group"),
        ("{group: 192.0.2.1}", "is not a multicast address"),
        ("{group: 239.1.1.1, port: 4001}", "is odd"),
        ("[{group: 239.1.1.1}, {group: 239.1.1.1, codec: pcma}]", "is taken by class a"),
        ("[{group: 239.1.1.1}, {group: 239.1.1.2}]", "has two groups of the codec"),
        ("{group: 239.1.1.1, codec: l16/44100}", "is not in media.codecs"),
        ("x", "is not a list"),
    ]) func groupsThatClashAreFaults(_ text: String, _ what: String) {
        let found = faults("music: {classes: {a: {multicast: \(text)}}}")
        #expect(found.count == 1 && found[0].contains(what), "\(found)")
    }

    @Test func twoClassesDoNotShareAGroup() {
        let found = faults(
            """
            music:
              classes:
                a: {multicast: {group: 239.1.1.1}}
                b: {multicast: {group: 239.1.1.1}}
            """)
        #expect(
            found == [
                "F:4:28: 239.1.1.1:21000 is taken by class a; give each class and codec a group or"
                    + " port of its own"
            ])
    }

    @Test func oneGroupOnTwoInterfacesIsTwo() throws {
        let two = """
            [{group: 239.1.1.1, interface: a0}, {group: 239.1.1.1, interface: b0}]
            """
        #expect(try groups(two).count == 2)
    }
}
