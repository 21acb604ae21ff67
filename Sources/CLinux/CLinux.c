#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/statfs.h>


int clinux_fcntl_has_writers(int fd) {
    // Whoever opens the file for writing while we hold the lease makes the kernel send a signal;
    // its default, SIGIO, would end the process. SIGURG is ignored unless someone asks for it.
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(fd, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

int clinux_sched_setscheduler_idle(void) {
    struct sched_param none = {0};
    return sched_setscheduler(0, SCHED_IDLE, &none) == 0 ? 0 : errno;
}

void clinux_pthread_setname(const char *name) {
    pthread_setname_np(pthread_self(), name);
}

unsigned long clinux_fstatfs_type(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) == 0 ? (unsigned long)status.f_type : 0;
}

int clinux_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

int clinux_memfd_create(void) {
    return memfd_create("octets", MFD_CLOEXEC);
}
