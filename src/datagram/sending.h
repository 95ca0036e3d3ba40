// SPDX-License-Identifier: ISC
// One run of udp-send or raw-send: the socket, how it is made, and what passes through it.
#ifndef SOCKCTL_DATAGRAM_SENDING_H
#define SOCKCTL_DATAGRAM_SENDING_H

#include "opts/progress_line.h"
#include "datagram/groups.h"
#include "datagram/printer.h"
#include "datagram/send.h"
#include "io/timer.h"
#include "net/dgram/dgram_socket.h"
#include "net/dgram/icmp_filter.h"
#include "net/dgram/transmit.h"

#define TYPE_REMEDY \
	"that socket is for no datagrams: see 'sockctl connect unix:PATH' and seqpacket:PATH"
#define BROADCAST_REMEDY "a broadcast address needs --broadcast"

// One run of the command.
struct sending {
	struct app *app;
	struct send_config *config;
	int type, protocol;

	// The socket is there: everything else begins. Returns 0, or the exit status after a
	// message.
	int (*on_open)(struct sending *s);

	struct sockopt_settings settings;
	struct endpoint_open opening;
	struct iovec *messages;
	struct groups groups;

	struct dgram_socket socket;
	struct watch watch;
	struct sender *sender;
	struct transmit transmit;
	bool is_sent; // nothing is left to send
	size_t path_limit; // bytes of a datagram whose packet must not be split; 0: nobody knows

	bool wants_replies;
	struct printer printer;
	struct icmp_filter filter;
	struct timer wait;
	uint32_t first_drops; // of an inherited socket
	struct datagram_stats stats;
	struct progress_line progress_line;
	uint64_t input_bytes; // of a file; 0: nobody knows
};

// Makes the socket, possibly after a look-up, and then calls on_open. Returns 0, or the exit status
// after a message.
int sending_open(struct sending *s);

#endif
