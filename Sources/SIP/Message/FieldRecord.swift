/// Where one header field is in the storage of its `Headers`.
struct FieldRecord: Sendable {
    var known: KnownHeader
    /// The value has a line end in it.
    var isFolded = false
    /// The line ends in a bare LF.
    var hasBareLineFeed = false
    var start: UInt32
    var nameEnd: UInt32
    /// Without white space around it.
    var valueStart: UInt32
    var valueEnd: UInt32
    /// After the line end.
    var end: UInt32

    var name: Range<Int> { Int(start)..<Int(max(start, nameEnd)) }
    var value: Range<Int> { Int(valueStart)..<Int(max(valueStart, valueEnd)) }
    var line: Range<Int> { Int(start)..<Int(max(start, end)) }
}
