/// What the copies of one request have in common that reached us by several ways
/// (RFC 3261 §8.2.2.2).
struct MergedRequestKey: Hashable {
    let fromTag: String?
    let callID: String
    let cseq: CSeq

    /// - Returns: nil for a request within a dialog, and for one that lacks what is compared.
    init?(_ request: Request) {
        guard request.headers.tag(of: .to) == nil, let callID = request.headers.callID,
            let cseq = try? request.headers.cseq
        else { return nil }
        fromTag = request.headers.tag(of: .from)
        self.callID = callID
        self.cseq = cseq
    }
}
