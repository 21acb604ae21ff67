/// Finds line ends and field names, eight octets at a time where there are eight.
///
/// Words are loaded with the first octet lowest; the tests on whole words are those of
/// "Determine if a word has a byte less than n", whose lowest hit is exact.
struct OutlineScanner {
    private let limits: MessageLimits
    private(set) var position = 0
    private(set) var fault: StructuralFault?
    private(set) var hasStandardLineEnds = true
    private(set) var isVersion2 = false

    init(limits: MessageLimits) { self.limits = limits }

    /// CR and LF in front of a start line are tolerated (RFC 3261 §7.5).
    mutating func skipLineEnds(_ octets: Span<UInt8>) {
        while position < octets.count, octets[position] == 0x0d || octets[position] == 0x0a {
            position += 1
        }
    }

    private mutating func note(_ fault: StructuralFault) {
        if self.fault == nil { self.fault = fault }
    }
}

// MARK: - Start line

extension OutlineScanner {
    mutating func startLine(
        _ octets: Span<UInt8>
    ) throws(MessageError) -> (MessageOutline.Start, Range<Int>) {
        let start = position
        let end = lineEnd(octets, from: start)
        if start + 4 <= end, OutlineScanner.isProtocol(octets, start) {
            return (try statusLine(octets, start, end), start..<position)
        }
        return (try requestLine(octets, start, end), start..<position)
    }

    /// `SIP/`, in any case.
    private static func isProtocol(_ octets: Span<UInt8>, _ at: Int) -> Bool {
        octets[at].lowercased == 0x73 && octets[at + 1].lowercased == 0x69
            && octets[at + 2].lowercased == 0x70 && octets[at + 3] == 0x2f
    }

    private mutating func statusLine(
        _ octets: Span<UInt8>, _ start: Int, _ end: Int
    ) throws(MessageError) -> MessageOutline.Start {
        var at = start
        while at < end, octets[at] != 0x20 { at += 1 }
        noteVersion(octets, start..<at)
        guard at + 4 <= end else { throw .badStatusLine }
        var value = 0
        for digit in at + 1..<at + 4 {
            guard octets[digit].isDigit else { throw .badStatusLine }
            value = value * 10 + Int(octets[digit] - 0x30)
        }
        guard let status = StatusCode(value) else { throw .badStatusLine }
        at += 4
        // The space before an empty reason phrase is often missing.
        guard at < end else { return .response(status: status, reason: at..<at) }
        guard octets[at] == 0x20 else { throw .badStatusLine }
        return .response(status: status, reason: at + 1..<end)
    }

    private mutating func requestLine(
        _ octets: Span<UInt8>, _ start: Int, _ end: Int
    ) throws(MessageError) -> MessageOutline.Start {
        var methodEnd = start
        while methodEnd < end, octets[methodEnd].isToken { methodEnd += 1 }
        guard methodEnd > start, methodEnd < end, octets[methodEnd] == 0x20 else { throw .notSIP }
        var lineEnd = end
        while lineEnd > methodEnd, octets[lineEnd - 1].isLinearWhitespace { lineEnd -= 1 }
        if lineEnd < end { note(.startLine) }
        var versionStart = lineEnd
        while versionStart > methodEnd, !octets[versionStart - 1].isLinearWhitespace {
            versionStart -= 1
        }
        guard versionStart > methodEnd + 1, versionStart + 4 <= lineEnd,
            OutlineScanner.isProtocol(octets, versionStart)
        else { throw .notSIP }
        var uriStart = methodEnd + 1
        var uriEnd = versionStart - 1
        // Without the second space there is no Request-URI.
        guard uriStart <= uriEnd else { throw .notSIP }
        while uriStart < uriEnd, octets[uriStart].isLinearWhitespace { uriStart += 1 }
        while uriEnd > uriStart, octets[uriEnd - 1].isLinearWhitespace { uriEnd -= 1 }
        if uriStart != methodEnd + 1 || uriEnd != versionStart - 1 || uriStart == uriEnd {
            note(.startLine)
        }
        noteVersion(octets, versionStart..<lineEnd)
        let length = methodEnd - start
        let word = OutlineScanner.word(octets, at: start) & OutlineScanner.mask(min(length, 8))
        return .request(
            method: Method(octets, start..<methodEnd, word: word), uri: uriStart..<uriEnd)
    }

    private mutating func noteVersion(_ octets: Span<UInt8>, _ range: Range<Int>) {
        isVersion2 =
            range.count == 7 && OutlineScanner.isProtocol(octets, range.lowerBound)
            && octets[range.lowerBound + 4] == 0x32 && octets[range.lowerBound + 5] == 0x2e
            && octets[range.lowerBound + 6] == 0x30
    }

    /// The end of the start line's text; `position` is then after its line end.
    private mutating func lineEnd(_ octets: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while at < octets.count {
            at = OutlineScanner.nextControl(octets, from: at)
            guard at < octets.count else { break }
            switch octets[at] {
            case 0x0a:
                position = at + 1
                hasStandardLineEnds = false
                return at
            case 0x0d where at + 1 < octets.count && octets[at + 1] == 0x0a:
                position = at + 2
                return at
            default:
                if octets[at] != 0x09 { note(.controlCharacter) }
                at += 1
            }
        }
        position = octets.count
        hasStandardLineEnds = false
        note(.cutOff)
        return octets.count
    }
}

// MARK: - Header fields

extension OutlineScanner {
    /// Reads fields to the empty line; `position` is then at the body.
    mutating func fields(_ octets: Span<UInt8>) throws(MessageError) -> [FieldRecord] {
        var fields: [FieldRecord] = []
        fields.reserveCapacity(24)
        while position < octets.count {
            switch octets[position] {
            case 0x0d where position + 1 < octets.count && octets[position + 1] == 0x0a:
                position += 2
                return fields
            case 0x0a:
                position += 1
                hasStandardLineEnds = false
                return fields
            default: break
            }
            let field = self.field(octets)
            guard field.line.count <= limits.fieldLength else { throw .fieldTooLong }
            guard field.nameEnd > field.start else {
                note(.lineWithoutName)
                continue
            }
            guard fields.count < limits.fieldCount else { throw .tooManyFields }
            fields.append(field)
        }
        // Nothing but the empty line is missing: some do that, and nothing is ambiguous.
        return fields
    }

    /// One field with its folds; `position` is then after it. Without a name it is no field.
    private mutating func field(_ octets: Span<UInt8>) -> FieldRecord {
        let start = position
        let (known, nameEnd, colon) = name(octets, start)
        var at = colon + 1
        let limit = octets.count
        var valueEnd = limit
        var end = limit
        var isFolded = false
        var hasBareLineFeed = false
        scan: while true {
            at = OutlineScanner.nextControl(octets, from: at)
            guard at < limit else {
                note(.cutOff)
                hasStandardLineEnds = false
                hasBareLineFeed = true
                break
            }
            let next: Int
            switch octets[at] {
            case 0x0d where at + 1 < limit && octets[at + 1] == 0x0a: next = at + 2
            case 0x0a:
                next = at + 1
                hasBareLineFeed = true
                hasStandardLineEnds = false
            case 0x09:
                at += 1
                continue scan
            default:
                // After a backslash it may be part of a quoted string (RFC 3261 §25.1 quoted-pair).
                if octets[at] == 0x0d || octets[at - 1] != .backslash { note(.controlCharacter) }
                at += 1
                continue scan
            }
            if next < limit, octets[next] == 0x20 || octets[next] == 0x09 {
                isFolded = true
                at = next
                continue scan
            }
            valueEnd = at
            end = next
            break
        }
        position = end
        var valueStart = min(colon + 1, valueEnd)
        while valueStart < valueEnd, octets[valueStart].isLinearWhitespace { valueStart += 1 }
        while valueEnd > valueStart, octets[valueEnd - 1].isLinearWhitespace { valueEnd -= 1 }
        return FieldRecord(
            known: known, isFolded: isFolded, hasBareLineFeed: hasBareLineFeed,
            start: UInt32(truncatingIfNeeded: start), nameEnd: UInt32(truncatingIfNeeded: nameEnd),
            valueStart: UInt32(truncatingIfNeeded: valueStart),
            valueEnd: UInt32(truncatingIfNeeded: valueEnd), end: UInt32(truncatingIfNeeded: end))
    }

    /// The field, where its name ends, and its colon; `nameEnd == start` when the line has no name.
    private func name(_ octets: Span<UInt8>, _ start: Int) -> (KnownHeader, Int, Int) {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var at = start
        for index in 0..<3 {
            let word = OutlineScanner.word(octets, at: at)
            let colons = word ^ 0x3a3a_3a3a_3a3a_3a3a
            let hits = (colons &- 0x0101_0101_0101_0101) & ~colons & 0x8080_8080_8080_8080
            let length = hits == 0 ? 8 : hits.trailingZeroBitCount / 8
            let part = word & OutlineScanner.mask(length)
            // White space, controls and octets that are no token are for the slow way.
            let small = (part &- (0x2121_2121_2121_2121 & OutlineScanner.mask(length))) & ~part
            guard (small | part) & 0x8080_8080_8080_8080 == 0 else { break }
            let folded = part | 0x2020_2020_2020_2020 & OutlineScanner.mask(length)
            switch index {
            case 0: words.0 = folded
            case 1: words.1 = folded
            default: words.2 = folded
            }
            at += length
            guard hits != 0 else { continue }
            let known = KnownHeader.find(words.0, words.1, words.2)
            guard known != .other else { break }
            return (known, at, at)
        }
        return unusualName(octets, start)
    }

    /// The same for any name, octet by octet.
    private func unusualName(_ octets: Span<UInt8>, _ start: Int) -> (KnownHeader, Int, Int) {
        var at = start
        while at < octets.count, octets[at].isToken { at += 1 }
        let nameEnd = at
        while at < octets.count, octets[at] == 0x20 || octets[at] == 0x09 { at += 1 }
        guard nameEnd > start, at < octets.count, octets[at] == 0x3a else {
            return (.other, start, start - 1)
        }
        guard nameEnd - start <= 24 else { return (.other, nameEnd, at) }
        return (KnownHeader(name: (start..<nameEnd).map { octets[$0] }[...]), nameEnd, at)
    }

    /// Eight octets, the first lowest, zero beyond the end.
    private static func word(_ octets: Span<UInt8>, at start: Int) -> UInt64 {
        if start &+ 8 <= octets.count {
            let raw = unsafe octets.bytes
            // Unsafe for the bits of other types; bounds are checked.
            let native = unsafe raw.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
            return UInt64(littleEndian: native)
        }
        var word: UInt64 = 0
        var shift: UInt64 = 0
        for index in start..<max(start, octets.count) {
            word |= UInt64(octets[index]) << shift
            shift += 8
        }
        return word
    }

    /// Ones for the lowest `length` octets, 0 to 8.
    private static func mask(_ length: Int) -> UInt64 {
        length >= 8 ? .max : (1 << UInt64(length * 8)) - 1
    }

    /// The first octet below 0x20 at `from` or after it; the count when there is none.
    static func nextControl(_ octets: Span<UInt8>, from: Int) -> Int {
        var at = from
        while at &+ 8 <= octets.count {
            let word = word(octets, at: at)
            let hits = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
            if hits != 0 { return at &+ hits.trailingZeroBitCount / 8 }
            at &+= 8
        }
        while at < octets.count, octets[at] >= 0x20 { at &+= 1 }
        return at
    }
}
