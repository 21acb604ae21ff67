// Sends PCMU to many ports of the loopback in step with time, as so many phones: noise that comes and
// goes like syllables. Arguments: seconds, then ports. One socket, 20 ms packets, phones spread over the 20 ms.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int main(int argc, char **argv) {
    int seconds = atoi(argv[1]), phones = argc - 2;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    static uint8_t sound[400][160];
    uint32_t state = 1;
    for (int n = 0; n < 400; n++)
        for (int i = 0; i < 160; i++) {
            state = state * 1664525 + 1013904223;
            // Louder and quieter four times a second; 0xff is silence.
            sound[n][i] = n % 12 < 7 ? 0x80 | (state >> 26 & 0x3f) | (state >> 31) << 7 : 0xff;
        }
    struct sockaddr_in *to = calloc(phones, sizeof *to);
    uint8_t (*header)[12] = calloc(phones, 12);
    struct mmsghdr *messages = calloc(phones, sizeof *messages);
    struct iovec *vectors = calloc(2 * phones, sizeof *vectors);
    for (int p = 0; p < phones; p++) {
        to[p].sin_family = AF_INET;
        to[p].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to[p].sin_port = htons(atoi(argv[2 + p]));
        header[p][0] = 0x80;
        memcpy(header[p] + 8, &p, 4);
        vectors[2 * p] = (struct iovec){header[p], 12};
        messages[p].msg_hdr = (struct msghdr){
            .msg_name = &to[p], .msg_namelen = sizeof to[p], .msg_iov = &vectors[2 * p], .msg_iovlen = 2};
    }
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    long sent = 0;
    for (int tick = 0; tick < seconds * 1000; tick++) {
        int slot = tick % 20, n = tick / 20;
        int first = phones * slot / 20, last = phones * (slot + 1) / 20;
        for (int p = first; p < last; p++) {
            uint16_t number = htons(n);
            uint32_t timestamp = htonl(160 * n);
            memcpy(header[p] + 2, &number, 2);
            memcpy(header[p] + 4, &timestamp, 4);
            vectors[2 * p + 1] = (struct iovec){sound[(n + 7 * p) % 400], 160};
        }
        for (int p = first; p < last;) {
            int count = sendmmsg(fd, messages + p, last - p, 0);
            if (count < 0) { perror("sendmmsg"); return 1; }
            p += count;
            sent += count;
        }
        due.tv_nsec += 1000000;
        if (due.tv_nsec >= 1000000000) { due.tv_nsec -= 1000000000; due.tv_sec++; }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    printf("%ld\n", sent);
}
