/// Why a header field's value can't be had.
package struct HeaderError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Problem: Sendable {
        /// The field isn't there.
        case missing
        /// The value breaks the field's grammar.
        case malformed
        /// A number is beyond what the RFC allows.
        case outOfRange
        /// A field that may be there once is there more often.
        case repeated
    }

    package let name: HeaderName
    package let problem: Problem

    package init(_ problem: Problem, _ name: HeaderName) {
        self.problem = problem
        self.name = name
    }

    /// Fit for a reason phrase.
    package var description: String {
        switch problem {
        case .missing: "Missing \(name)"
        case .malformed: "Malformed \(name)"
        case .outOfRange: "\(name) Out of Range"
        case .repeated: "Repeated \(name)"
        }
    }
}
