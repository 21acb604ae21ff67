import AudioLibrary
import Fuzzer

/// A file in Media, read to its end.
@main
struct AudioFileOctets {
    static func main() {
        Fuzzer.run { AudioFileFuzzing.read($0) }
    }
}
