// How regular packets are: send-receiver SECONDS DEVICE N. Takes the RTP to port 4000 that leaves by
// the device, of one stream in N by the address that it goes to, with the kernel's time stamps, which
// are of the moment at which the device gets the packet. Prints how far packets are from the rhythm of
// their own stream, whose phase is the median of its packets.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

struct arrival {
    uint32_t stream;
    uint16_t sequence;
    int64_t time;
};

enum { BATCH = 256, RTP = 14 + 20 + 8 };
static const int64_t packet_time = 20000000;

static int by_stream(const void *a, const void *b) {
    const struct arrival *x = a, *y = b;
    return x->stream != y->stream ? (x->stream < y->stream ? -1 : 1) : 0;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "send-receiver SECONDS DEVICE N\n"); return 2; }
    int seconds = atoi(argv[1]), size = 256 << 20, one = 1;
    uint32_t sample = (uint32_t)atoi(argv[3]);
    long capacity = 60000L * 50 * seconds / 10 + 1000000, count = 0;
    struct arrival *arrivals = malloc(capacity * sizeof *arrivals);
    memset(arrivals, 0, capacity * sizeof *arrivals);
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    // IPv4, UDP, port 4000, and the sample; else nothing of the packet is kept.
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 8),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 20 + 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4000, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14 + 16),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, sample),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, RTP + 12),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {sizeof code / sizeof *code, code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)) { perror("filter"); return 1; }
    struct sockaddr_ll local = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(argv[2])};
    if (bind(fd, (struct sockaddr *)&local, sizeof local)) { perror("bind"); return 1; }
    struct timeval limit = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    mlockall(MCL_CURRENT);
    struct sched_param priority = {.sched_priority = 10};
    sched_setscheduler(0, SCHED_FIFO, &priority);

    static uint8_t buffers[BATCH][RTP + 12];
    static _Alignas(8) uint8_t controls[BATCH][64];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    int64_t end = 0;
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){buffers[i], sizeof buffers[i]};
            messages[i].msg_hdr = (struct msghdr){
                .msg_iov = vectors + i, .msg_iovlen = 1, .msg_control = controls[i],
                .msg_controllen = sizeof controls[i]};
        }
        int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        if (n <= 0) break;
        int64_t latest = 0;
        for (int i = 0; i < n; i++) {
            struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
            if (!c) continue;
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            latest = t.tv_sec * 1000000000LL + t.tv_nsec;
            if (count == capacity) continue;
            uint32_t ssrc;
            uint16_t sequence;
            memcpy(&ssrc, buffers[i] + RTP + 8, 4);
            memcpy(&sequence, buffers[i] + RTP + 2, 2);
            arrivals[count++] = (struct arrival){ssrc, ntohs(sequence), latest};
        }
        if (!end) end = latest + seconds * 1000000000LL;
        if (latest > end) break;
    }

    qsort(arrivals, count, sizeof *arrivals, by_stream);
    int64_t *deviations = malloc(count * sizeof *deviations), *phases = malloc(count * sizeof *phases);
    long streams = 0, lost = 0;
    for (long from = 0, to; from < count; from = to, streams++) {
        for (to = from; to < count && arrivals[to].stream == arrivals[from].stream; to++) {
            int16_t steps = arrivals[to].sequence - arrivals[from].sequence;
            phases[to - from] = arrivals[to].time - arrivals[from].time - steps * packet_time;
        }
        lost += (int16_t)(arrivals[to - 1].sequence - arrivals[from].sequence) + 1 - (to - from);
        memcpy(deviations + from, phases, (to - from) * sizeof *phases);
        qsort(phases, to - from, sizeof *phases, by_value);
        int64_t median = phases[(to - from) / 2];
        for (long i = from; i < to; i++) deviations[i] = llabs(deviations[i] - median);
    }
    qsort(deviations, count, sizeof *deviations, by_value);
    if (!count) { fprintf(stderr, "nothing was received\n"); return 1; }
    printf("{\"streams\": %ld, \"packets\": %ld, \"lost\": %ld, \"p50Microseconds\": %.1f, "
           "\"p99Microseconds\": %.1f, \"p999Microseconds\": %.1f, \"maximumMicroseconds\": %.1f}\n",
           streams, count, lost, deviations[count / 2] / 1e3, deviations[count * 99 / 100] / 1e3,
           deviations[count / 1000 * 999] / 1e3, deviations[count - 1] / 1e3);
}
