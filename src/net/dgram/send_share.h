// SPDX-License-Identifier: ISC
// What each of many peers may use of the send buffer of the socket that all are sent to by. In the
// Unix domain a datagram stays in that buffer until its receiver reads it, so that a few who do not
// read could use it up for all. Half of it is open to everybody. A quarter more is for those who
// have sent again since they were sent to, and for each a part until it sends again; the last
// quarter, in the same way, for those of them who have certainly read something. So whoever has
// read and goes on to ask is served whatever others do.
#ifndef SOCKCTL_NET_DGRAM_SEND_SHARE_H
#define SOCKCTL_NET_DGRAM_SEND_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

// Of a peer.
struct send_share {
	size_t buffer; // bytes; 0: nobody keeps it from others
	size_t ahead; // bytes sent since the peer has sent last
	size_t least; // bytes that the kernel has counted for all that was sent, at least
	bool has_answered; // it has sent since it was sent to
	bool has_read;
};

// Makes the buffer of a Unix socket large, before the user's settings.
void send_share_prepare(int fd);

void send_share_init(struct send_share *s, int fd, int family);

// Returns how many of COUNT datagrams may be sent by FD now.
size_t send_share_fit(struct send_share *s, int fd, const struct iovec *datagrams, size_t count);

// So many were sent; a negative errno stands for none.
void send_share_took(struct send_share *s, const struct iovec *datagrams, int sent);

// The peer has sent.
void send_share_heard(struct send_share *s);

#endif
