#define _GNU_SOURCE
#include "CLinuxPackets.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <sys/socket.h>

long clinux_send_ring(int socket, int interface) {
    // The protocol says nothing to the device; what is sent says itself what it is.
    struct sockaddr_ll device = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = interface};
    return sendto(
        socket, NULL, 0, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&device, sizeof device);
}
