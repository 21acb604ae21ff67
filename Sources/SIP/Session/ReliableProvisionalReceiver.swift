/// The UAC's side of reliable provisional responses from one dialog (RFC 3262 §4).
package struct ReliableProvisionalReceiver: Sendable {
    private var last: UInt32?

    package init() {}

    /// - Returns: true when the response is new and in order, so that it is to be processed and
    ///   gets its PRACK. A repeat is passed over: the PRACK's own transaction resends.
    package mutating func accept(_ sequence: UInt32) -> Bool {
        guard let last else {
            self.last = sequence
            return true
        }
        guard last < .max, sequence == last + 1 else { return false }
        self.last = sequence
        return true
    }
}
