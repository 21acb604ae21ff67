#define _GNU_SOURCE
#include "SendFrom.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

int clinux_send_from(int socket, const void *bytes, size_t count,
                     const struct sockaddr *to, socklen_t to_length,
                     const struct sockaddr *from) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
    union {
        char octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {
        .msg_name = (void *)to,
        .msg_namelen = to_length,
        .msg_iov = &vector,
        .msg_iovlen = 1,
    };
    if (from) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.octets;
        if (from->sa_family == AF_INET) {
            message.msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = IPPROTO_IP;
            header->cmsg_type = IP_PKTINFO;
            header->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
            struct in_pktinfo info = {
                .ipi_spec_dst = ((const struct sockaddr_in *)from)->sin_addr};
            memcpy(CMSG_DATA(header), &info, sizeof info);
        } else {
            message.msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = IPPROTO_IPV6;
            header->cmsg_type = IPV6_PKTINFO;
            header->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));
            struct in6_pktinfo info = {
                .ipi6_addr = ((const struct sockaddr_in6 *)from)->sin6_addr};
            memcpy(CMSG_DATA(header), &info, sizeof info);
        }
    }
    for (;;) {
        if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return 0;
        if (errno != EINTR) return errno;
    }
}
