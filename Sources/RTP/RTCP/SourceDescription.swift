/// SDES (RFC 3550 §6.5).
package struct SourceDescription: Equatable, Sendable {
    package struct Item: Equatable, Sendable {
        /// 1 is CNAME.
        package var type: UInt8
        /// 255 octets at most.
        package var text: [UInt8]

        package init(type: UInt8, text: [UInt8]) {
            self.type = type
            self.text = text
        }
    }

    package struct Chunk: Equatable, Sendable {
        package var ssrc: UInt32
        package var items: [Item]

        package init(ssrc: UInt32, items: [Item]) {
            self.ssrc = ssrc
            self.items = items
        }
    }

    /// 31 at most.
    package var chunks: [Chunk]

    package init(chunks: [Chunk]) { self.chunks = chunks }

    /// One source with nothing but its canonical name.
    package init(ssrc: UInt32, cname: String) {
        chunks = [Chunk(ssrc: ssrc, items: [Item(type: 1, text: Array(cname.utf8.prefix(255)))])]
    }

    /// The canonical name of the first source that has one.
    package var cname: String? {
        for chunk in chunks {
            for item in chunk.items where item.type == 1 {
                return String(decoding: item.text, as: UTF8.self)
            }
        }
        return nil
    }
}
