/// What a request within a dialog names that we made up: enough to find the session, whose dialogs
/// then differ by the peer's tag.
struct SessionKey: Hashable {
    let callID: String
    let localTag: String
}
