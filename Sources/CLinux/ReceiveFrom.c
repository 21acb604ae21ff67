#define _GNU_SOURCE
#include "ReceiveFrom.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

int clinux_called(const clinux_mmsghdr *message, struct sockaddr_storage *address) {
    struct msghdr *header = (struct msghdr *)&message->msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            struct sockaddr_in *v4 = (struct sockaddr_in *)address;
            v4->sin_family = AF_INET;
            v4->sin_addr = info.ipi_addr;
            return 1;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
            v6->sin6_family = AF_INET6;
            v6->sin6_addr = info.ipi6_addr;
            return 1;
        }
    }
    return 0;
}

int clinux_receive_error(int socket, clinux_socket_error *error, void *quote, size_t room) {
    _Alignas(struct cmsghdr) char control[512];
    struct iovec vector = {quote, room};
    memset(error, 0, sizeof *error);
    struct msghdr message = {
        .msg_name = &error->destination, .msg_namelen = sizeof error->destination,
        .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control,
    };
    ssize_t n;
    do n = recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT); while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    error->count = (size_t)n;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
            struct sock_extended_err extended;
            memcpy(&extended, CMSG_DATA(c), sizeof extended);
            error->code = (int)extended.ee_errno;
            error->is_icmp = extended.ee_origin == SO_EE_ORIGIN_ICMP ||
                             extended.ee_origin == SO_EE_ORIGIN_ICMP6;
            error->icmp_type = extended.ee_type;
            error->icmp_code = extended.ee_code;
        }
    }
    return 1;
}
