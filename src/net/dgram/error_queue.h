// SPDX-License-Identifier: ISC
// What comes back because of datagrams that were sent (ip(7), IP_RECVERR): each ICMP message with
// its cause, who sent it, and whom the datagram was for.
#ifndef SOCKCTL_NET_DGRAM_ERROR_QUEUE_H
#define SOCKCTL_NET_DGRAM_ERROR_QUEUE_H

#include "base/sockaddr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct queued_error {
	int error; // a negative errno
	struct sockaddr_any to; // whom the datagram was sent to; len 0 if that is not known
	struct sockaddr_any by; // who says so; len 0: this machine
	uint8_t origin, type, code; // as in struct sock_extended_err
	uint32_t info; // the MTU, where that is what it is about
};

// Asks for them, on a socket that was made here. Unix sockets have none.
void error_queue_open(int fd);

// Takes the next one, or returns false.
bool error_queue_take(int fd, struct queued_error *e);

// Reads the control data of a message that was taken from there. Returns whether they tell an
// error.
bool queued_error_read(struct queued_error *e, struct msghdr *m);

// True for errors that such a message stands for, which the next call on the socket meets whatever
// it is about.
bool is_told_error(int error);

// Adds "Connection refused: port unreachable, told by 192.0.2.1".
void str_add_queued_error(struct str *s, const struct queued_error *e);

#endif
