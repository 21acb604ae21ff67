import Appliance
import Foundation
import Primitives
import Testing

@Suite struct NotifySocketTests {
    @Test func statesAreAssignments() throws {
        let listener = try DatagramListener()
        let manager = try #require(NotifySocket(environment: ["NOTIFY_SOCKET": listener.path]))
        manager.ready(status: "ready")
        #expect(listener.nextText() == "READY=1\nSTATUS=ready")
        manager.watchdog(status: "3 calls")
        #expect(listener.nextText() == "WATCHDOG=1\nSTATUS=3 calls")
        manager.stopping()
        #expect(listener.nextText()?.hasPrefix("STOPPING=1\n") == true)
        manager.reloading()
        let told = try #require(listener.nextText())
        let time = try #require(told.split(separator: "=").last.flatMap { Int($0) })
        #expect(told == "RELOADING=1\nMONOTONIC_USEC=\(time)" && time > 0)
        #expect(listener.next() == nil)
    }

    @Test func aManagerThatHasGoneIsNoTrouble() throws {
        let path: String
        do {
            let listener = try DatagramListener()
            path = listener.path
        }
        let manager = try #require(NotifySocket(environment: ["NOTIFY_SOCKET": path]))
        manager.ready(status: "ready")
    }

    @Test(
        arguments: [
            ([:], nil),
            (["WATCHDOG_USEC": "30000000"], Interval.seconds(15)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"], nil),
            (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "soon"], nil),
        ] as [([String: String], Interval?)])
    func theWatchdogWantsWordTwiceAsOften(_ environment: [String: String], _ interval: Interval?) {
        let environment = environment.merging(["NOTIFY_SOCKET": "/nonexistent"]) { $1 }
        #expect(NotifySocket(environment: environment)?.watchdogInterval == interval)
    }

    @Test func nobodyWantsToKnow() {
        #expect(NotifySocket(environment: [:]) == nil)
        #expect(NotifySocket(environment: ["NOTIFY_SOCKET": ""]) == nil)
        let long = String(repeating: "x", count: 108)
        #expect(NotifySocket(environment: ["NOTIFY_SOCKET": long]) == nil)
    }
}
