// What a socket tells beside the octets of a datagram. In C because Swift's importer takes neither the
// CMSG macros nor struct in6_pktinfo (GNU).
#pragma once
#include "CLinuxMedia.h"
#include <stddef.h>

/// Whom a datagram called: its destination, of a socket with IP_PKTINFO or IPV6_RECVPKTINFO.
/// `address` gets the family and the address. Returns 1, or 0 when the kernel does not say.
int clinux_called(const clinux_mmsghdr *message, struct sockaddr_storage *address);

/// What became of a datagram that had been sent.
typedef struct {
    /// Where it was going.
    struct sockaddr_storage destination;
    /// The errno that the error stands for.
    int code;
    /// Whether ICMP says it, and not this host itself; then its type and code.
    int is_icmp;
    unsigned char icmp_type, icmp_code;
    /// How many octets of the datagram, from its first, there are of it.
    size_t count;
} clinux_socket_error;

/// recvmsg(MSG_ERRQUEUE): one error of a socket with IP_RECVERR or IPV6_RECVERR, with as much of
/// the datagram in question as there is, and room for.
/// Returns 1, 0 when the queue is empty, or -1 with errno.
int clinux_receive_error(int socket, clinux_socket_error *error, void *quote, size_t room);
