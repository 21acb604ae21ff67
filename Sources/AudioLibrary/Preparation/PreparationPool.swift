import CLinux
import Glibc

/// Threads that prepare tracks with what processor time nobody else wants.
///
/// The smallest file comes first, and one thread takes no large ones: a song that was just dropped
/// plays within seconds though hours of music are waiting.
final class PreparationPool: @unchecked Sendable {  // all that changes is guarded by `mutex`
    typealias Done = @Sendable (PreparationJob, PreparationJob.Outcome) -> Void

    private static let largestQuick: Int64 = 32 << 20

    private let root: String
    private let cache: TrackCache
    private let index: ContentIndex
    private let done: Done
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [PreparationJob] = []
    /// Jobs under way by the thread that does them.
    private var running: [Int: Running] = [:]
    private var isStopping = false
    private var threads: [SystemThread] = []
    /// Octets of files that were done since the pool was last idle.
    private var doneOctets: Int64 = 0

    private struct Running {
        var job: PreparationJob
        var share = 0.0
        var isCancelled = false
    }

    /// - Parameter done: called on a thread of the pool.
    init(root: String, cache: TrackCache, index: ContentIndex, done: @escaping Done) {
        self.root = root
        self.cache = cache
        self.index = index
        self.done = done
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// - Parameter workers: threads that take files of any size; one for small ones is added.
    func start(workers: Int) throws(AudioLibraryError) {
        for number in 0...max(1, workers) {
            let isQuick = number == max(1, workers)
            let thread = try SystemThread(name: "prepare-\(number)") { [self] in
                _ = clinux_sched_setscheduler_idle()
                work(number, isQuick: isQuick)
            }
            locked { threads.append(thread) }
        }
    }

    func submit(_ job: PreparationJob) {
        locked {
            queue.append(job)
            pthread_cond_broadcast(condition)
        }
    }

    /// Gives up what is to be done or is being done for the entry.
    func cancel(_ entry: EntryKey) {
        locked {
            queue.removeAll { $0.entry == entry }
            for (number, job) in running where job.job.entry == entry {
                running[number]?.isCancelled = true
            }
        }
    }

    /// Ends all threads and waits for them; what is under way is given up.
    func stop() {
        let threads = locked {
            isStopping = true
            pthread_cond_broadcast(condition)
            defer { self.threads = [] }
            return self.threads
        }
        for thread in threads { thread.join() }
    }

    struct Progress: Equatable {
        /// Files that are not done.
        var files: Int
        /// Of the octets of all files since the pool was last idle, 0 to 1.
        var share: Double
    }

    /// How far the work is; nil when there is none.
    var progress: Progress? {
        locked {
            guard !queue.isEmpty || !running.isEmpty else { return nil }
            let under = running.values.reduce(0.0) { $0 + $1.share * Double($1.job.identity.size) }
            let total =
                running.values.reduce(doneOctets) { $0 + $1.job.identity.size }
                + queue.reduce(0) { $0 + $1.identity.size }
            return Progress(
                files: queue.count + running.count,
                share: total == 0 ? 0 : (Double(doneOctets) + under) / Double(total))
        }
    }

    /// How much is done of the files under way, 0 to 1, by path.
    var shares: [String: Double] {
        locked {
            Dictionary(
                running.values.map { ($0.job.entry.path, $0.share) }, uniquingKeysWith: max)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    private func work(_ number: Int, isQuick: Bool) {
        while let job = next(number, isQuick: isQuick) {
            let outcome = run(job) { share in
                self.locked {
                    self.running[number]?.share = share
                    return !self.isStopping && self.running[number]?.isCancelled == false
                }
            }
            let isWanted = locked {
                defer {
                    doneOctets += job.identity.size
                    running[number] = nil
                    if running.isEmpty && queue.isEmpty { doneOctets = 0 }
                }
                return !isStopping && running[number]?.isCancelled == false
            }
            if isWanted { done(job, outcome) }
        }
    }

    private func next(_ number: Int, isQuick: Bool) -> PreparationJob? {
        locked {
            while !isStopping {
                let candidate = queue.indices.filter {
                    !isQuick || queue[$0].identity.size <= PreparationPool.largestQuick
                }.min { queue[$0].identity.size < queue[$1].identity.size }
                if let candidate {
                    let job = queue.remove(at: candidate)
                    running[number] = Running(job: job)
                    return job
                }
                pthread_cond_wait(condition, mutex)
            }
            return nil
        }
    }

    private func run(
        _ job: PreparationJob, progress: (Double) -> Bool
    ) -> PreparationJob.Outcome {
        var isCertain = false
        do throws(SystemError) {
            let descriptor = try Descriptor(reading: "\(root)/\(job.entry.path)")
            guard FileIdentity(try descriptor.status()) == job.identity else { return .changed }
            let known = index[job.identity]
            if known != nil {
                isCertain = true
            } else if !isRemote(descriptor) {
                switch clinux_fcntl_has_writers(descriptor.number) {
                case 0: isCertain = true
                case 1: return .beingWritten
                default: break
                }
            }
            if !isCertain && !job.isTrusted { return .unsure }
            do throws(PreparationError) {
                let track = try cache.prepare(
                    descriptor, known: known, settings: job.settings, progress: progress)
                index.note(track.hash, for: job.identity)
                return .ready(track)
            } catch {
                if error == .changed { return .changed }
                return .broken(error, isCertain: isCertain)
            }
        } catch {
            return error.errno == ENOENT
                ? .changed : .broken(.unreadable(error.text), isCertain: true)
        }
    }
}
