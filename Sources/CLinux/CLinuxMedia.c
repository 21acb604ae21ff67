#define _GNU_SOURCE
#include "CLinuxMedia.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(clinux_mmsghdr) == sizeof(struct mmsghdr), "same layout");

int clinux_sendmmsg(int socket, clinux_mmsghdr *messages, unsigned int count, int flags) {
    return sendmmsg(socket, (struct mmsghdr *)messages, count, flags);
}

int clinux_recvmmsg(int socket, clinux_mmsghdr *messages, unsigned int count, int flags) {
    return recvmmsg(socket, (struct mmsghdr *)messages, count, flags, NULL);
}

int clinux_note_arrivals(int socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

long long clinux_arrival(const clinux_mmsghdr *message) {
    struct msghdr *header = (struct msghdr *)&message->msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec time;
        memcpy(&time, CMSG_DATA(c), sizeof time);
        return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
    }
    return 0;
}

int clinux_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds);
}

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

int clinux_populate(const void *address, unsigned long length) {
    return madvise((void *)address, length, MADV_POPULATE_READ);
}

int clinux_will_need(const void *address, unsigned long length) {
    return madvise((void *)address, length, MADV_WILLNEED);
}

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

int clinux_lock_memory_on_fault(void) {
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

int clinux_thread_id(void) { return (int)syscall(SYS_gettid); }

int clinux_wait_readable(int descriptor, long long nanoseconds) {
    struct pollfd poll = {.fd = descriptor, .events = POLLIN};
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return ppoll(&poll, 1, nanoseconds < 0 ? NULL : &limit, NULL) > 0;
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
