import Appliance
import Foundation
import Testing

/// `Config/intermezzo.yaml` is the documentation of the keys.
@Suite struct ShippedConfigurationTests {
    static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Config/intermezzo.yaml").standardized.path

    @Test func itSaysTheDefaults() throws {
        let shipped = try Configuration(contentsOf: Self.path)
        var defaults = try Configuration(text: "", file: Self.path)
        defaults.warnings = shipped.warnings
        #expect(described(shipped) == described(defaults))
    }

    /// Every part by its fields, so that a difference names the part.
    private func described(_ configuration: Configuration) -> [String: String] {
        let fields = Mirror(reflecting: configuration).children.map { child in
            var text = ""
            dump(child.value, to: &text)
            return (child.label ?? "", text)
        }
        return Dictionary(uniqueKeysWithValues: fields)
    }
}
