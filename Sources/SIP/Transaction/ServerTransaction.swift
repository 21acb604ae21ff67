import Primitives

/// A row of the layer's table of server transactions.
struct ServerTransaction {
    enum Machine {
        case invite(InviteServerTransaction)
        case other(NonInviteServerTransaction)
    }

    var machine: Machine
    let key: ServerTransactionKey
    let mergedKey: MergedRequestKey?
    let destination: Destination
    /// For the 100 that we may have to send; nil once a response went.
    var request: Request?
    /// The last response, for when the request comes again.
    var response: [UInt8] = []
    /// Tags of To in the request and in the final response: RFC 2543 peers are matched by them.
    let requestTag: String?
    var responseTag: String?
    /// Whose INVITE over UDP this is that has no ACK yet; nil when that address has shown that it
    /// receives what we send.
    var unproven: IPAddress?
}
