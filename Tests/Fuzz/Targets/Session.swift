import Fuzzer
import SDPExercise

/// What a peer sends as offers and answers of one session.
@main
struct Session {
    static func main() {
        Fuzzer.run { try SessionExercise.run($0) }
    }
}
