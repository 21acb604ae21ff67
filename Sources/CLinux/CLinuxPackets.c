#define _GNU_SOURCE
#include "CLinuxPackets.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <sys/socket.h>

long clinux_send_ring(int socket, int interface, unsigned short protocol) {
    // On the wire the frames say it themselves. Queueing disciplines, filters of tc and bridges go by
    // this, and so would take IPv6 for IPv4 and read its header wrongly.
    struct sockaddr_ll device = {
        .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = interface};
    return sendto(
        socket, NULL, 0, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&device, sizeof device);
}
