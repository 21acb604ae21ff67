/// A body: still where it was parsed, or octets of its own.
enum MessageBodyStorage: Sendable {
    case located(Range<Int>)
    case own([UInt8])

    var count: Int {
        switch self {
        case .located(let range): range.count
        case .own(let octets): octets.count
        }
    }
}
