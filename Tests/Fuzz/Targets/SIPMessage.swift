import Fuzzer
import SIPExercise

/// One datagram: parsed, every typed value read, changed, serialised, parsed again.
@main
struct SIPMessage {
    static func main() {
        Fuzzer.run { try MessageExercise.run($0) }
    }
}
