extension Request {
    /// A response to this request (RFC 3261 §8.2.6): Via, From, To, Call-ID and CSeq as they came,
    /// unfolded; Record-Route for a response that may make a dialog, Timestamp for 100.
    ///
    /// - Parameter toTag: added to To unless that has one, or the status is 100.
    package func response(
        _ status: StatusCode, reason: String? = nil, toTag: String? = nil
    ) -> Response {
        var copy = Headers(capacity: 768, fields: 16)
        let makesDialog =
            status > 100 && status < 300
            && (method == .invite || method == .subscribe || method == .refer || method == .notify)
        for field in headers.fields {
            let name = HeaderName(field.known)
            switch field.known {
            case .via, .from, .callID, .cseq:
                copy.append(name, octets: headers.value(field))
            case .to:
                let value = headers.value(field)
                // What can't be read gets no tag: it goes back as it came.
                if let toTag, status != .trying, !toTag.isEmpty,
                    let to = NameAddress(parsing: value), to.tag == nil
                {
                    copy.append(name, octets: Array(value) + Array(";tag=\(toTag)".utf8))
                } else {
                    copy.append(name, octets: value)
                }
            case .recordRoute where makesDialog:
                copy.append(name, octets: headers.value(field))
            case .timestamp where status == .trying:
                copy.append(name, octets: headers.value(field))
            default: break
            }
        }
        return Response(status: status, reason: reason, headers: copy)
    }

    /// The response that a rejection makes.
    package func response(_ rejection: Rejection, toTag: String? = nil) -> Response {
        var response = response(rejection.status, reason: rejection.reason, toTag: toTag)
        for field in rejection.headers { response.headers.append(field.name, field.value) }
        return response
    }
}
