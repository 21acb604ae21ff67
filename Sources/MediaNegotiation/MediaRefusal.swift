package import Primitives
package import SDP
package import SIP

/// Why the media of a call, or a change of them, is refused.
package enum MediaRefusal: Error, Equatable, CustomStringConvertible {
    /// The body is no session description; the text says why.
    case description(String)
    case offer(OfferRejection)
    /// Nothing may be sent there.
    case destination(IPAddress)
    /// The node has no more streams or ports to give; the text is for the log.
    case resources(String)

    /// For a log line: the caller is told of it by a Warning header field, the operator by this.
    package var description: String {
        switch self {
        case .description(let what): what
        case .offer(let rejection): rejection.warningText
        case .destination(let address): "nothing may be sent to \(address)"
        case .resources(let what): what
        }
    }

    /// The response that it earns.
    /// - Parameters:
    ///   - host: the warning agent's name (RFC 3261 §20.43).
    ///   - retryAfter: seconds.
    package func rejection(from host: String, retryAfter: Int) -> Rejection {
        func warning(_ code: Int, _ text: String) -> [Rejection.Field] {
            [.init(.warning, "\(code) \(host) \"\(text)\"")]
        }
        switch self {
        case .description(let what):
            return Rejection(
                .badRequest, reason: "Bad Session Description", headers: warning(399, what))
        case .offer(let rejection):
            return Rejection(
                rejection == .glare ? .requestPending : .notAcceptableHere,
                headers: rejection.warningCode.map { warning($0, rejection.warningText) } ?? [])
        case .destination(let address):
            return Rejection(
                .notAcceptableHere, headers: warning(301, "Media can't be sent to \(address)"))
        case .resources:
            return Rejection(
                .serviceUnavailable, headers: [.init(.retryAfter, "\(retryAfter)")])
        }
    }
}

extension SessionDescription {
    /// The description in a message's body.
    package init(in body: MessageBody) throws(MediaRefusal) {
        do throws(SDPError) {
            self = try SessionDescription(parsing: body.bytes)
        } catch {
            throw .description("\(error)")
        }
    }
}

extension OfferAnswer {
    /// ``negotiate(_:)`` with the refusal that SIP answers.
    package func outcome(of offer: SessionDescription) throws(MediaRefusal) -> NegotiatedAudio {
        do throws(OfferRejection) { return try negotiate(offer) } catch { throw .offer(error) }
    }

    /// ``answer(to:)`` with the refusal that SIP answers.
    package mutating func reply(
        to offer: SessionDescription
    ) throws(MediaRefusal) -> (answer: SessionDescription, audio: NegotiatedAudio) {
        do throws(OfferRejection) { return try answer(to: offer) } catch { throw .offer(error) }
    }
}

extension [IPAddress] {
    /// The node's own address to use towards one that was called: the same if it is among these,
    /// else the first of its family.
    package func own(like called: IPAddress) -> IPAddress? {
        contains(called) ? called : first { $0.isIPv6 == called.isIPv6 }
    }
}
