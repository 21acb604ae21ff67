import RTP
import Testing

struct TelephoneEventDecoderTests {
    struct Stimulus: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let packets: [(timestamp: UInt32, payload: [UInt8])]
        let keys: String
    }

    static let stimuli = [
        Stimulus(
            testDescription: "G09",
            packets: [
                (8000, [5, 0x0a, 0x01, 0x40]), (8000, [5, 0x8a, 0x01, 0x90]),
                (8000, [5, 0x8a, 0x01, 0x90]), (8560, [5, 0x0a, 0x00, 0xa0]),
                (8000, [5, 0x8a, 0x01, 0x90]), (8560, [5, 0x8a, 0x01, 0x40]),
                (9120, [11, 0x8a, 0x01, 0x40]),
            ], keys: "55#"),
        Stimulus(
            testDescription: "G07: durations in the clock of the audio",
            packets: [
                (48000, [5, 0x0a, 0x03, 0xc0]), (48000, [5, 0x0a, 0x07, 0x80]),
                (48000, [5, 0x8a, 0x07, 0x80]), (96000, [5, 0x0a, 0x03, 0xc0]),
                (96000, [5, 0x8a, 0x03, 0xc0]),
            ], keys: "55"),
        Stimulus(
            testDescription: "one press longer than 16 bits",
            packets: [
                (100, [1, 0x0a, 0xff, 0x00]), (100, [1, 0x0a, 0xff, 0xff]),
                (65635, [1, 0x0a, 0x00, 0xa0]), (65635, [1, 0x8a, 0x01, 0x40]),
            ], keys: "1"),
        Stimulus(
            testDescription: "timestamps wrap",
            packets: [(0xffff_ffff, [0, 0x8a, 0, 160]), (0, [0, 0x8a, 0, 160])], keys: "00"),
        Stimulus(
            testDescription: "short and foreign", packets: [(1, [5, 10]), (2, [16, 10, 0, 1])],
            keys: ""),
        Stimulus(
            testDescription: "all keys",
            packets: (UInt8(0)..<16).map { (UInt32($0) * 1000, [$0, 0x8a, 0, 160]) },
            keys: "0123456789*#ABCD"),
    ]

    @Test(arguments: stimuli) func hearsEachKeyOnce(_ stimulus: Stimulus) {
        var decoder = TelephoneEventDecoder()
        var keys = ""
        for packet in stimulus.packets {
            switch decoder.receive(payload: packet.payload, timestamp: packet.timestamp) {
            case .began(let event), .whole(let event, _):
                if let digit = event.digit { keys.append(digit) }
            case .ended, nil: break
            }
        }
        #expect(keys == stimulus.keys)
    }

    @Test func tellsHowLongAKeyWasHeld() {
        var decoder = TelephoneEventDecoder()
        let key = TelephoneEvent(code: 1)
        let long = key.payload(duration: .max, isEnd: false)
        #expect(decoder.receive(payload: long, timestamp: 0) == .began(key))
        #expect(
            decoder.receive(payload: key.payload(duration: 160, isEnd: true), timestamp: 65535)
                == .ended(key, duration: 65695))
    }

    @Test(arguments: "0123456789*#ABCD") func writesKeys(_ digit: Character) {
        #expect(TelephoneEvent(digit: digit)?.digit == digit)
    }
}
