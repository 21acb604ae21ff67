import Glibc
import Playout

extension AudioLibrary {
    /// Looks at every file once, decoding each to its end but preparing nothing, for
    /// `intermezzo check` and `intermezzo media list` without a running appliance. Takes a few
    /// milliseconds per minute of music.
    package static func survey(_ configuration: AudioLibraryConfiguration) -> [FileReport] {
        let scan = FolderScan(path: configuration.mediaDirectory)
        let root = scan.root()
        var folders = root.folders.subtracting(FileNames.reservedFolders).sorted()
        if root.folders.contains("users") { folders += scan.users().sorted().map { "users/\($0)" } }
        var reports: [FileReport] = []
        var waiting = [""] + folders
        while let folder = waiting.first {
            waiting.removeFirst()
            guard let contents = folder.isEmpty ? root.contents : scan.contents(folder) else {
                continue
            }
            waiting += contents.folders.sorted().map { "\(folder)/\($0)" }
            let className = FileNames.className(ofFolder: folder)
            for link in contents.linkedFolders.sorted() {
                reports.append(
                    FileReport(
                        path: "\(folder)/\(link)", className: className,
                        state: .broken(FileNames.linkedFolder)))
            }
            if let fault = contents.fault {
                reports.append(
                    FileReport(
                        path: folder.isEmpty ? "." : folder, className: className,
                        state: .broken(fault)))
            }
            for (name, kind) in contents.files.sorted(by: { $0.key < $1.key }) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                reports.append(survey(scan.path, path, className, kind))
            }
        }
        return reports
    }

    private static func survey(
        _ root: String, _ path: String, _ className: String, _ kind: FolderContents.Kind
    ) -> FileReport {
        var report = FileReport(path: path, className: className, state: .playing)
        switch kind {
        case .danglingLink:
            report.state = .waiting("its target, as it is a link that leads nowhere")
        case .unreadable(let why):
            report.state = .broken(why)
        case .file:
            do throws(PreparationError) {
                (report.title, report.length) = try measure("\(root)/\(path)")
                report.title = report.title ?? FileNames.title(path)
            } catch {
                report.state = .broken(error.description)
            }
        }
        return report
    }

    private static func measure(
        _ path: String
    ) throws(PreparationError) -> (title: String?, length: MediaTime) {
        let descriptor: Descriptor
        do throws(SystemError) {
            descriptor = try Descriptor(reading: path)
        } catch { throw .unreadable(error.text) }
        var file = try AudioFile(descriptor)
        var buffer = [Float](repeating: 0, count: 16384 * file.channels)
        var frames: Int64 = 0
        while true {
            let got = try file.read(into: &buffer)
            if got == 0 { break }
            frames += Int64(got)
        }
        guard frames > 0 else { throw .empty }
        try file.checkCompleteness(frames: frames)
        let seconds = Double(frames) / Double(file.sampleRate)
        guard seconds >= 0.1 else { throw .tooShort(seconds: seconds) }
        return (file.title, MediaTime(ticks: Int64((seconds * 8000).rounded())))
    }
}
