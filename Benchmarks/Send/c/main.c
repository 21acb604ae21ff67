// Only the kernel's work: the same packets at the same pace by sendmmsg from prepared memory.
// send-c STREAMS SECONDS OCTETS LOCAL NETWORK: CPU nanoseconds of the process per packet.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { SLOTS = 20, BATCH = 256 };

struct header {
    uint8_t flags, type;
    uint16_t sequence;
    uint32_t timestamp, ssrc, room;
};

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc < 6) return 64;
    int streams = atoi(argv[1]), seconds = atoi(argv[2]), octets = atoi(argv[3]);
    uint32_t network = ntohl(inet_addr(argv[5]));
    int fd = socket(AF_INET, SOCK_DGRAM, 0), value = IP_PMTUDISC_DO, size = 8 << 20, tos = 46 << 2;
    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &value, sizeof value);
    setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(argv[4])};
    if (bind(fd, (struct sockaddr *)&local, sizeof local)) { perror("bind"); return 1; }

    // Streams in the order of their slots, each slot's in one piece.
    struct header *headers = calloc(streams, sizeof *headers);
    struct sockaddr_in *addresses = calloc(streams, sizeof *addresses);
    struct iovec *vectors = calloc(2 * streams, sizeof *vectors);
    struct mmsghdr *messages = calloc(streams, sizeof *messages);
    int starts[SLOTS + 1];
    for (int s = 0; s <= SLOTS; s++) starts[s] = (int)((long)streams * s / SLOTS);
    size_t length = 50 * 10 * (size_t)octets;
    uint8_t *audio = malloc(length);
    memset(audio, 0x55, length);
    for (int i = 0; i < streams; i++) {
        headers[i] = (struct header){.flags = 0x80, .ssrc = htonl(i + 1)};
        addresses[i] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(4000), .sin_addr.s_addr = htonl(network + i)};
        vectors[2 * i] = (struct iovec){headers + i, 12};
        vectors[2 * i + 1].iov_len = octets;
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = addresses + i, .msg_namelen = sizeof *addresses,
            .msg_iov = vectors + 2 * i, .msg_iovlen = 2};
    }
    mlockall(MCL_CURRENT | MCL_FUTURE);
    prctl(PR_SET_TIMERSLACK, 1);
    struct sched_param priority = {.sched_priority = 50};
    sched_setscheduler(0, SCHED_FIFO, &priority);

    long tick = now(CLOCK_MONOTONIC) / 1e6 + 1, first = tick + 500, last = first + 1000L * seconds;
    double cpu = 0, wall = 0;
    long packets = 0, errors = 0;
    for (; tick < last; tick++) {
        struct timespec t = {tick / 1000, tick % 1000 * 1000000};
        int slot = tick % SLOTS;
        if (starts[slot] == starts[slot + 1]) continue;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        if (tick >= first && !wall) {
            cpu = now(CLOCK_PROCESS_CPUTIME_ID);
            wall = now(CLOCK_MONOTONIC);
            packets = 0;
        }
        uint8_t *payload = audio + tick * 8 * (octets / 160) % (length - octets);
        for (int i = starts[slot]; i < starts[slot + 1]; i++) {
            headers[i].sequence = htons(ntohs(headers[i].sequence) + 1);
            headers[i].timestamp = htonl(ntohl(headers[i].timestamp) + 160);
            vectors[2 * i + 1].iov_base = payload;
        }
        for (int at = starts[slot]; at < starts[slot + 1];) {
            int count = starts[slot + 1] - at;
            int taken = sendmmsg(fd, messages + at, count < BATCH ? count : BATCH, MSG_DONTWAIT);
            if (taken <= 0) { errors++; taken = 1; } else packets += taken;
            at += taken;
        }
    }
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = now(CLOCK_MONOTONIC) - wall;
    printf("{\"sender\": \"C\", \"codec\": \"%d octets\", \"streams\": %d, \"cpuNanoseconds\": %.1f, "
           "\"cpuShare\": %.5f, \"packets\": %ld, \"errors\": %ld}\n",
           octets, streams, cpu / packets, cpu / wall, packets, errors);
}
