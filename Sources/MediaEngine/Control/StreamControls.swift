/// The engine's streams by ID.
///
/// Each has memory of its own: a dictionary of so large values would leave a third of its room
/// empty. Owned by whoever holds the engine's lock.
struct StreamControls {
    private final class Box {
        var control: StreamControl
        init(_ control: StreamControl) { self.control = control }
    }

    private var boxes: [StreamID: Box] = [:]

    var count: Int { boxes.count }
    var all: some Sequence<StreamControl> { boxes.values.lazy.map(\.control) }

    subscript(id: StreamID) -> StreamControl? {
        get { boxes[id]?.control }
        set {
            guard let newValue else {
                boxes[id] = nil
                return
            }
            if let box = boxes[id] {
                box.control = newValue
            } else {
                boxes[id] = Box(newValue)
            }
        }
    }
}
