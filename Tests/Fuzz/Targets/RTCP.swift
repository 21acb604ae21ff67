import Fuzzer
import RTPExercise

/// One datagram of RTCP.
@main
struct RTCP {
    static func main() {
        Fuzzer.run { try MediaExercise.runControl($0) }
    }
}
