import Glibc

/// The text of an `errno` value.
enum SystemError {
    static func text(_ code: Int32) -> String {
        String(unsafeUninitializedCapacity: 256) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return __xpg_strerror_r(code, base, buffer.count) == 0 ? strlen(base) : 0
            }
        }
    }
}
