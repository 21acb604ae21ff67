// What the C drivers share: reading the message, CPU time, and the row that they print.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char message[65536];
static size_t message_length;

static void read_message(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) { perror(path); exit(1); }
    message_length = fread(message, 1, sizeof message - 1, f);
    message[message_length] = 0;
    fclose(f);
}

static double cpu_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

// The least of several rounds: what the work costs when nothing else disturbs it.
static double least_cost(void (*work)(void), int rounds, long count) {
    double least = 1e18;
    for (int r = 0; r < rounds; r++) {
        double start = cpu_nanoseconds();
        for (long i = 0; i < count; i++) work();
        double cost = (cpu_nanoseconds() - start) / count;
        if (cost < least) least = cost;
    }
    return least;
}

static void print_row(const char *name, const char *work, double cost) {
    printf("{\"parser\": \"%s\", \"work\": \"%s\", \"octets\": %zu, \"cpuNanoseconds\": %.1f}\n", name, work,
           message_length, cost);
}
