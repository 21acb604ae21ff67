/// The response that a request earns for what it is, before anybody looks at what it wants.
package struct Rejection: Error, Equatable, Sendable {
    package var status: StatusCode
    /// The reason phrase, when the registered one isn't precise enough.
    package var reason: String?
    /// Header fields that belong to the response.
    package var headers: [Field]

    package struct Field: Equatable, Sendable {
        package var name: HeaderName
        package var value: String

        package init(_ name: HeaderName, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ status: StatusCode, reason: String? = nil, headers: [Field] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
    }
}
