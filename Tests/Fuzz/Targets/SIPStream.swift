import Fuzzer
import SIPExercise

/// What one connection reads, in reads of a length that the first octet says.
@main
struct SIPStream {
    static func main() {
        Fuzzer.run { try FrameExercise.run($0) }
    }
}
