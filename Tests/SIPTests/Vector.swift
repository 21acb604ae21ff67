import Foundation
import Testing

/// A message of an RFC as a file, with the RFC's name for it.
struct Vector: Sendable, CustomTestStringConvertible {
    let collection: String
    let name: String

    var testDescription: String { "\(collection)/\(name)" }

    /// The octets as they arrive.
    var octets: [UInt8] {
        get throws {
            let url = try #require(
                Bundle.module.url(
                    forResource: name, withExtension: "dat", subdirectory: "Vectors/\(collection)"))
            return Array(try Data(contentsOf: url))
        }
    }

    /// Every file of a collection.
    static func all(_ collection: String) -> [Vector] {
        let directory = Bundle.module.resourceURL?.appending(path: "Vectors/\(collection)")
        let files = try? FileManager.default.contentsOfDirectory(atPath: directory?.path ?? "")
        return (files ?? []).filter { $0.hasSuffix(".dat") }.sorted().map {
            Vector(collection: collection, name: String($0.dropLast(4)))
        }
    }
}
