import Playout

/// What streams share that play the same class in the same format and packet time.
struct Lane {
    var classIndex: Int32
    var format: MediaFormat
    var kind: MediaEngineStatistics.Kind
    var packetTime: Int32
    /// Ticks of programme time in a packet.
    var step: Int64
    /// Ticks in the format's unit.
    var unit: Int64
    var octetsPerUnit: Int
    /// Octets of audio in a packet, without the prefix.
    var audioOctets: Int
    /// Octets of payload in a packet.
    var payloadOctets: UInt32
    var timestampStep: UInt32
    var users: Int32 = 0
    /// Of a live lane.
    var run = Run()
    /// The tick that `address` is for.
    var stamp: Int64 = .min
    var address: UnsafeMutableRawPointer?
    /// Room for a packet that is put together from several runs.
    var scratch: UnsafeMutableRawPointer
    var packets: UInt64 = 0

    init(
        classIndex: Int32, format: MediaFormat, kind: MediaEngineStatistics.Kind, packetTime: Int32
    ) {
        self.classIndex = classIndex
        self.format = format
        self.kind = kind
        self.packetTime = packetTime
        step = Int64(packetTime) * 8
        unit = format.unit.ticks
        octetsPerUnit = format.octetsPerUnit
        audioOctets = format.octets(of: MediaTime(ticks: step))
        payloadOctets = UInt32(format.payloadOctets(packetTime: Int(packetTime)))
        timestampStep = UInt32(format.clockRate * Int(packetTime) / 1000)
        scratch = UnsafeMutableRawPointer.allocate(byteCount: audioOctets, alignment: 16)
    }
}
