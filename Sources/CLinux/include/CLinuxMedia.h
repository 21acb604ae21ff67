// What the media engine needs of Linux.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// struct mmsghdr, which the headers hide without _GNU_SOURCE.
typedef struct {
    struct msghdr msg_hdr;
    unsigned int msg_len;
} clinux_mmsghdr;

int clinux_sendmmsg(int socket, clinux_mmsghdr *messages, unsigned int count, int flags);
int clinux_recvmmsg(int socket, clinux_mmsghdr *messages, unsigned int count, int flags);

// From now on the kernel notes when it took in each datagram. setsockopt SO_TIMESTAMPNS.
// Returns 0, or -1 with errno.
int clinux_note_arrivals(int socket);

// When the kernel took in a datagram that came with control data, in nanoseconds since 1970; 0 when
// it does not say.
long long clinux_arrival(const clinux_mmsghdr *message);

// prctl(PR_SET_TIMERSLACK), which is variadic.
int clinux_set_timer_slack(unsigned long nanoseconds);

// madvise(MADV_POPULATE_READ) (Linux 5.14), which older headers don't name: reads pages into
// memory before somebody needs them. Returns 0, or -1 with errno.
int clinux_populate(const void *address, unsigned long length);

// madvise(MADV_WILLNEED): begins to read pages into memory and does not wait for them.
// Returns 0, or -1 with errno.
int clinux_will_need(const void *address, unsigned long length);

// mlockall with MCL_ONFAULT, so that memory is locked as it is first touched and not all at once.
int clinux_lock_memory_on_fault(void);

// gettid, for the names of threads in logs and tests.
int clinux_thread_id(void);

// ppoll for one descriptor to be readable, with a limit in nanoseconds (negative: none).
// Returns 1 when it is, 0 when the time is over.
int clinux_wait_readable(int descriptor, long long nanoseconds);

// pthread_setname_np for the calling thread; 15 octets at most.
void clinux_name_thread(const char *name);
