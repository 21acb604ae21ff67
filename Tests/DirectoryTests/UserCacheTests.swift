import Directory
import Primitives
import Testing

@Suite struct UserCacheTests {
    private static let alice = User(name: "alice")

    private static func at(_ milliseconds: Int) -> Instant {
        Instant(nanoseconds: 0) + .milliseconds(milliseconds)
    }

    private static func key(_ text: String) throws -> UserKey { try #require(UserKey(text)) }

    private static func cache(size: Int = 8) -> UserCache {
        var limits = UserCache.Limits()
        limits.size = size
        limits.time = .seconds(60)
        limits.revisionTime = .milliseconds(20)
        limits.rest = .seconds(1)
        return UserCache(limits)
    }

    private let away = DirectoryError.unavailable(store: "store", reason: "gone")

    @Test func asksOnceAndThenOnlyForTheRevision() throws {
        var cache = Self.cache()
        let alice = try Self.key("alice")
        #expect(cache.answer(alice, now: Self.at(0)) == .askUser)
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        #expect(cache.answer(alice, now: Self.at(20)) == .known(Self.alice))
        #expect(cache.answer(alice, now: Self.at(21)) == .askRevision)
        cache.noted(Revision("1"), now: Self.at(21))
        #expect(cache.answer(alice, now: Self.at(21)) == .known(Self.alice))
    }

    @Test func aChangedRevisionOutdatesEverything() throws {
        var cache = Self.cache()
        let (alice, bob) = (try Self.key("alice"), try Self.key("bob"))
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        cache.noted(nil, for: bob, now: Self.at(0))
        #expect(cache.answer(bob, now: Self.at(1)) == .known(nil))
        cache.noted(Revision("2"), now: Self.at(30))
        #expect(cache.answer(alice, now: Self.at(30)) == .askUser)
        #expect(cache.answer(bob, now: Self.at(30)) == .askUser)
    }

    /// Nothing says whether it has changed before the revision was told.
    @Test func whatIsOlderThanTheFirstRevisionIsAskedForOnceMore() throws {
        var cache = Self.cache()
        let alice = try Self.key("alice")
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        #expect(cache.answer(alice, now: Self.at(1)) == .askRevision)
        cache.noted(Revision("1"), now: Self.at(1))
        #expect(cache.answer(alice, now: Self.at(1)) == .askUser)
        cache.noted(Self.alice, for: alice, now: Self.at(1))
        #expect(cache.answer(alice, now: Self.at(2)) == .known(Self.alice))
    }

    @Test func expiresWhateverTheRevisionSays() throws {
        var cache = Self.cache()
        let alice = try Self.key("alice")
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        cache.noted(Revision("1"), now: Self.at(60_000))
        #expect(cache.answer(alice, now: Self.at(59_999)) == .known(Self.alice))
        #expect(cache.answer(alice, now: Self.at(60_000)) == .askUser)
    }

    @Test func aStoreWithoutRevisionsIsAskedWhenTheTimeIsUp() throws {
        var cache = Self.cache()
        let alice = try Self.key("alice")
        cache.noted(nil, now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        #expect(cache.answer(alice, now: Self.at(59_999)) == .known(Self.alice))
        #expect(cache.answer(alice, now: Self.at(60_000)) == .askUser)
    }

    @Test func whileTheStoreIsAwayOldAnswersHold() throws {
        var cache = Self.cache()
        let (alice, bob) = (try Self.key("alice"), try Self.key("bob"))
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        let later = 3_600_000
        #expect(cache.answer(alice, now: Self.at(later)) == .askUser)
        #expect(cache.failed(away, for: alice, now: Self.at(later)) == .some(Self.alice))
        #expect(cache.failed(away, for: bob, now: Self.at(later)) == nil)
        #expect(cache.isAway)
        // For a second nobody waits for the store.
        #expect(cache.answer(alice, now: Self.at(later + 999)) == .known(Self.alice))
        #expect(cache.answer(bob, now: Self.at(later + 999)) == .away(away))
        // Then one question goes there, and the others go on.
        #expect(cache.answer(bob, now: Self.at(later + 1000)) == .askUser)
        cache.asks(now: Self.at(later + 1000))
        #expect(cache.answer(bob, now: Self.at(later + 1001)) == .away(away))
        #expect(cache.answer(alice, now: Self.at(later + 1001)) == .known(Self.alice))
        cache.noted(nil, for: bob, now: Self.at(later + 1000))
        #expect(!cache.isAway)
        #expect(cache.answer(alice, now: Self.at(later + 1002)) == .askUser)
    }

    @Test func oneDamagedUserIsNoAbsence() throws {
        var cache = Self.cache()
        let error = DirectoryError.damaged(store: "store", reason: "row 1")
        #expect(cache.failed(error, for: try Self.key("bob"), now: Self.at(0)) == nil)
        #expect(cache.answer(try Self.key("alice"), now: Self.at(0)) == .askUser)
    }

    @Test func staysWithinItsSize() throws {
        var cache = Self.cache(size: 8)
        cache.noted(Revision("1"), now: Self.at(0))
        for number in 0..<1000 {
            let key = try Self.key("user\(number)")
            cache.noted(User(name: "user\(number)"), for: key, now: Self.at(0))
            cache.noted(nil, for: try Self.key("nobody\(number)"), now: Self.at(0))
            #expect(cache.answer(key, now: Self.at(1)) == .known(User(name: "user\(number)")))
        }
        #expect(cache.count == 10)
    }

    @Test func strangersDoNotDriveUsersOut() throws {
        var cache = Self.cache(size: 8)
        let alice = try Self.key("alice")
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        for number in 0..<1000 {
            cache.noted(nil, for: try Self.key("\(number)"), now: Self.at(0))
        }
        #expect(cache.answer(alice, now: Self.at(1)) == .known(Self.alice))
    }

    @Test func whatIsAskedForStays() throws {
        var cache = Self.cache(size: 8)
        let alice = try Self.key("alice")
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        for number in 0..<1000 {
            #expect(cache.answer(alice, now: Self.at(1)) == .known(Self.alice))
            let key = try Self.key("user\(number)")
            cache.noted(User(name: "user\(number)"), for: key, now: Self.at(0))
        }
    }

    @Test func sizeZeroRemembersNothing() throws {
        var cache = Self.cache(size: 0)
        let alice = try Self.key("alice")
        cache.noted(Revision("1"), now: Self.at(0))
        cache.noted(Self.alice, for: alice, now: Self.at(0))
        cache.noted(nil, for: alice, now: Self.at(0))
        #expect(cache.answer(alice, now: Self.at(0)) == .askUser)
    }
}
