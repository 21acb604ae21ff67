import MediaEngine
import Testing

@Suite struct ThreadChoiceTests {
    @Test(arguments: [
        ([0], 0), ([5000], 0), ([0, 0], 0), ([999, 0], 0), ([1000, 0], 1), ([1000, 999], 1),
        ([999, 1000], 0), ([1000, 1000], 0), ([1001, 1000], 1), ([1200, 1100, 1150], 1),
        ([0, 3000], 0),
    ]) func goesToTheFirstWithRoomThenToTheLeastLoaded(_ loads: [Int], _ thread: Int) {
        #expect(ThreadChoice.thread(forStreamBeside: loads, filling: 1000) == thread)
    }
}
