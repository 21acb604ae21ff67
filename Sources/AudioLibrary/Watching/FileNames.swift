/// Which names in the media directory matter.
enum FileNames {
    private static let audio: Set<String> = [
        "wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif", "aifc", "au", "snd",
        "w64", "rf64", "caf",
    ]

    /// Sound that can't be read. It is tried and told all the same: whoever copied it there wonders
    /// why it does not play. The second line is what Asterisk's own music comes in.
    private static let foreign: Set<String> = [
        "m4a", "m4b", "aac", "wma", "amr", "ape", "wv", "mka", "ac3",
        "gsm", "g722", "g729", "sln", "sln16", "ulaw", "ul", "alaw", "al",
    ]

    /// Folders of the media directory that are no classes.
    static let reservedFolders: Set<String> = ["greetings", "prompts", "users"]

    /// Hidden by its name: what begins with a point, or is another program's working file.
    static func isHidden(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix("#") || name.hasSuffix("~")
    }

    /// Whether a file of this name is meant as music. Everything else (pictures, notes, files that
    /// a download has not finished) is passed over in silence.
    static func isAudio(_ name: String) -> Bool {
        guard !isHidden(name), let point = name.lastIndex(of: "."), point > name.startIndex else {
            return false
        }
        let ending = name[name.index(after: point)...].lowercased()
        return audio.contains(ending) || foreign.contains(ending)
    }

    /// The class that the music in a folder belongs to.
    static func className(ofFolder folder: String) -> String {
        let parts = folder.split(separator: "/")
        guard let first = parts.first else { return "default" }
        return parts.prefix(first == "users" ? 2 : 1).joined(separator: "/")
    }

    /// A file's name as the configuration of its class writes it: relative to the class's folder.
    static func name(_ path: String, inClass className: String) -> String {
        path.hasPrefix("\(className)/") ? String(path.dropFirst(className.count + 1)) : path
    }

    /// Why the music behind a link to a folder does not play.
    static let linkedFolder =
        "is a link to a folder, which is not followed; copy the files, or link the class's folder"

    /// The name without its extension, which serves as a title.
    static func title(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point > name.startIndex else {
            return String(name)
        }
        return String(name[..<point])
    }
}
