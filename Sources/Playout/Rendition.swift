/// One track in one format, ready to send: memory that stays where it is while this lives.
///
/// The engine's threads read `base` without retaining anything; whoever hands a rendition to an
/// engine keeps it alive until the engine has let go of it.
package final class Rendition: @unchecked Sendable {  // all stored properties are constants
    package let format: MediaFormat
    /// The track's true length. The memory holds it rounded up to a whole ``MediaFormat/unit``.
    package let length: MediaTime
    package let base: UnsafeRawPointer
    private let release: @Sendable () -> Void

    /// - Parameters:
    ///   - base: `format.octets(of:)` the length, rounded up to a unit, readable octets.
    ///   - release: called once, from any thread, when the memory is no longer read.
    package init(
        format: MediaFormat, length: MediaTime, base: UnsafeRawPointer,
        release: @escaping @Sendable () -> Void
    ) {
        self.format = format
        self.length = length
        self.base = base
        self.release = release
    }

    deinit { release() }

    /// Octets in memory.
    package var octets: Int {
        let unit = format.unit.ticks
        return format.octets(of: MediaTime(ticks: (length.ticks + unit - 1) / unit * unit))
    }
}
