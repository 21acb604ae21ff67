extension Int16 {
    /// `value` rounded to the nearest sample, or the loudest one there is; no number is 0.
    @inlinable
    package init(saturating value: Float) {
        if value >= 32767 {
            self = 32767
        } else if value > -32768 {
            self = Int16(value.rounded(.toNearestOrEven))
        } else {
            self = value == value ? -32768 : 0
        }
    }
}
