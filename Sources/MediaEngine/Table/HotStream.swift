/// What changes with every packet of a stream that is in a slot: one cache line.
package struct HotStream {
    /// Of the next packet.
    var timestamp: UInt32 = 0
    var sequence: UInt16 = 0
    var payloadType: UInt8 = 0
    /// 0x80 until a packet has carried it.
    var marker: UInt8 = 0
    var timestampStep: UInt32 = 0
    var lane: Int32 = -1
    /// Its number in the table of streams.
    var stream: Int32 = -1
    /// For sender reports.
    var packets: UInt32 = 0
    var octets: UInt32 = 0
    /// The tick from which on its next RTCP report is due.
    var rtcpDue: Int64 = .max
    /// Of a personal stream: programme time of the next packet, and the end of the run that the
    /// packet's address lies in; `.min` when there is none.
    var position: Int64 = 0
    var runEnd: Int64 = .min
}
