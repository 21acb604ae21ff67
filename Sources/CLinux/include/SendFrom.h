#pragma once
#include <stddef.h>
#include <sys/socket.h>

/// sendmsg(2) of one datagram without waiting, leaving from the address in `from` (its port is not
/// looked at) whatever address the socket is bound to. `from` NULL: the kernel chooses.
/// In C because Swift's importer takes neither the CMSG macros nor struct in6_pktinfo (GNU).
/// Returns 0, or errno.
int clinux_send_from(int socket, const void *bytes, size_t count,
                     const struct sockaddr *to, socklen_t to_length,
                     const struct sockaddr *from);
