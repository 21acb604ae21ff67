/// A multicast group of a table: what is sent to it, and how far it is.
struct MulticastState {
    var number: Int
    var setup: MulticastSetup
    var lane: Int32
    var run: Run
    var isActive = false
    /// The packet that was sent last, counted from the Unix epoch.
    var last: Int64 = .min
    var packets: UInt32 = 0
    var octets: UInt32 = 0
    var rtcpDue: Int64 = .max
    var prefix: (UInt8, UInt8) = (0, 0)
    var prefixCount = 0
}
