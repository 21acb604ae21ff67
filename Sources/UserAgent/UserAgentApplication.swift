package import SIP

/// What answers the calls of a user agent.
///
/// Called on the user agent's event loop, never from within a command: a command may be given at
/// once, and an event that it causes comes after this one returns. It must not wait for anything.
package protocol UserAgentApplication: AnyObject {
    func handle(_ event: UserAgentCore.Event, from userAgent: UserAgent)
}
