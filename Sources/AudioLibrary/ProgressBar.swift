import Glibc

/// One line on a terminal that tells how far preparation is.
struct ProgressBar {
    private let isTerminal = isatty(2) == 1
    private var shown = ""

    mutating func show(_ progress: PreparationPool.Progress?) {
        guard isTerminal else { return }
        guard let progress else { return clear() }
        let width = 30
        let filled = Int((min(1, max(0, progress.share)) * Double(width)).rounded(.down))
        let bar =
            String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let files = progress.files == 1 ? "1 file" : "\(progress.files) files"
        let line = "preparing [\(bar)] \(Int(progress.share * 100)) %, \(files)"
        guard line != shown else { return }
        put("\r\u{1b}[K\(line)")
        shown = line
    }

    /// Takes the line away, so that something else can be written there.
    mutating func clear() {
        guard isTerminal, !shown.isEmpty else { return }
        put("\r\u{1b}[K")
        shown = ""
    }

    private func put(_ text: String) {
        let octets = Array(text.utf8)
        _ = write(2, octets, octets.count)
    }
}
