/// One client transaction of a `TransactionLayer`; never used twice in its life.
package struct ClientTransactionID: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64
    package var description: String { "client-\(value)" }
}
