// What sending by a packet ring, and asking the kernel for ways, needs of Linux.
#pragma once
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>

// Where in a frame of a TPACKET_V2 ring to transmit the packet begins (packet_mmap, "Transmission
// process").
static const int clinux_tpacket2_data = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);

// The priority that Linux gives to packets of a socket marked for expedited forwarding (IP_TOS of
// ip(7)), by which queues of a device choose.
static const int clinux_priority_of_voice = TC_PRIO_INTERACTIVE_BULK;

// Offers what waits in a ring to transmit to the device `interface` and does not wait for it; all are
// packets of `protocol`, an ETH_P_. sendto.
// Returns what sendto returns.
long clinux_send_ring(int socket, int interface, unsigned short protocol);
