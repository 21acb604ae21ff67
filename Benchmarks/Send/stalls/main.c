// What the machine itself does to a thread that must run on time: send-stalls SECONDS.
// A SCHED_FIFO thread of the highest priority on each processor wakes up at every millisecond and
// does nothing. What it is late by, nobody's program can be to blame for.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSORS = 64 };

static int seconds;

struct watch {
    int processor;
    pthread_t thread;
    int64_t worst;
    long wakeups, over_100_us, over_1_ms, over_5_ms;
};

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *watch(void *argument) {
    struct watch *w = argument;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(w->processor, &only);
    sched_setaffinity(0, sizeof only, &only);
    struct sched_param priority = {.sched_priority = 99};
    if (sched_setscheduler(0, SCHED_FIFO, &priority)) perror("SCHED_FIFO");
    prctl(PR_SET_TIMERSLACK, 1);
    int64_t due = now() / 1000000 * 1000000 + 1000000, end = due + seconds * 1000000000LL;
    for (; due < end; due += 1000000) {
        struct timespec t = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        int64_t late = now() - due;
        w->wakeups++;
        if (late > w->worst) w->worst = late;
        w->over_100_us += late > 100000;
        w->over_1_ms += late > 1000000;
        w->over_5_ms += late > 5000000;
        // What was missed is one stall, not many.
        while (now() > due + 1000000) due += 1000000;
    }
    return NULL;
}

int main(int argc, char **argv) {
    seconds = argc > 1 ? atoi(argv[1]) : 60;
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count > PROCESSORS) count = PROCESSORS;
    static struct watch all[PROCESSORS];
    mlockall(MCL_CURRENT | MCL_FUTURE);
    for (int i = 0; i < count; i++) {
        all[i].processor = i;
        pthread_create(&all[i].thread, NULL, watch, all + i);
    }
    printf("[");
    for (int i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
        printf("%s{\"processor\": %d, \"wakeups\": %ld, \"over100Microseconds\": %ld, "
               "\"over1Millisecond\": %ld, \"over5Milliseconds\": %ld, \"worstMicroseconds\": %.1f}",
               i ? ", " : "", i, all[i].wakeups, all[i].over_100_us, all[i].over_1_ms,
               all[i].over_5_ms, all[i].worst / 1e3);
    }
    printf("]\n");
}
