internal import AudioLibrary
import Foundation
internal import MusicOnHold

/// What can be said about the music without a running appliance.
package enum MediaSurvey {
    /// Every file, each read to its end.
    package static func files(_ configuration: Configuration) -> [Status.File] {
        AudioLibrary.survey(configuration.audio).map(Status.File.init)
    }

    /// The classes that the configuration and the folders make.
    package static func classes(_ configuration: Configuration) -> Set<String> {
        let root = configuration.audio.mediaDirectory
        let users = folders(in: root + "/users").map(ClassChoice.userClass)
        let kept: Set = ["users", "greetings", "prompts"]
        return Set(configuration.music.classes.keys)
            .union(folders(in: root).filter { !kept.contains($0) })
            .union(users)
            .union([configuration.music.defaultClass])
    }

    /// Whether a class has a folder in the media directory.
    static func hasFolder(_ name: String, _ configuration: Configuration) -> Bool {
        folders(in: configuration.audio.mediaDirectory).contains(name)
    }

    private static func folders(in path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { name in
            var isDirectory = ObjCBool(false)
            return !name.hasPrefix(".")
                && FileManager.default.fileExists(
                    atPath: "\(path)/\(name)", isDirectory: &isDirectory)
                && isDirectory.boolValue
        }
    }
}
