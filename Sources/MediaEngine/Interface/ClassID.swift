/// The name of a class of music, such as `default`.
package struct ClassID: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let name: String

    package init(_ name: String) { self.name = name }

    package init(stringLiteral name: String) { self.name = name }

    package var description: String { name }
}
