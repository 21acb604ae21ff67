/// One server transaction of a `TransactionLayer`; never used twice in its life.
package struct ServerTransactionID: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64
    package var description: String { "server-\(value)" }
}
