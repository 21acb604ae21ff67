/// Which names in the media directory matter.
enum FileNames {
    private static let audio: Set<String> = [
        "wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif", "aifc", "au", "snd",
        "w64", "rf64", "caf",
    ]

    /// Folders of the media directory that are no classes.
    static let reservedFolders: Set<String> = ["greetings", "prompts", "users"]

    /// Hidden by its name: what begins with a point, or is another program's working file.
    static func isHidden(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix("#") || name.hasSuffix("~")
    }

    /// Whether a file of this name should be music. Everything else (pictures, notes, files that
    /// a download has not finished) is passed over in silence.
    static func isAudio(_ name: String) -> Bool {
        guard !isHidden(name), let point = name.lastIndex(of: "."), point > name.startIndex else {
            return false
        }
        return audio.contains(name[name.index(after: point)...].lowercased())
    }

    /// The name without its extension, which serves as a title.
    static func title(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point > name.startIndex else {
            return String(name)
        }
        return String(name[..<point])
    }
}
