import Fuzzer
import RTPExercise

/// Datagrams of a call, through everything that listens to one.
@main
struct RTPStream {
    static func main() {
        Fuzzer.run { try MediaExercise.runStream($0) }
    }
}
