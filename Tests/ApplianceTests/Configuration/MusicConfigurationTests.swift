import Testing

@Suite struct MusicConfigurationTests {
    /// A class by user was in the configuration once: whoever has it there is told where it went.
    @Test func usersHaveMoved() {
        #expect(
            faults("music: {users: {alice: jazz}}") == [
                "F:1:16: 'music.users' has moved to the users' profiles; "
                    + "remove it, and say `intermezzo users set NAME --music CLASS`"
            ])
        #expect(faults("music: {users: {}}") == [])
    }
}
